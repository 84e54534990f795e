#ifndef SIGNATURE_H_
#define SIGNATURE_H_

#include <stddef.h>

/*
 * A signature of a SavedModel gives its inputs and outputs names that stay the same from one
 * export to the next ("text", "score"). The tensors of the graph behind them have other names
 * ("serving_default_text:0", "StatefulPartitionedCall_3:1"), which may change with every export.
 * The MetaGraphDef of the SavedModel holds the table from the one to the other.
 *
 * The values are the numbers of the fields `inputs` and `outputs` in the message SignatureDef.
 */
enum SignatureSide { SIGNATURE_INPUT = 1, SIGNATURE_OUTPUT = 2 };

/*
 * Looks up the graph tensor behind one input or output of a signature.
 *
 * `meta_graph_def` is the serialized MetaGraphDef that TF_LoadSessionFromSavedModel fills in.
 * Returns the tensor's name, for example "serving_default_text:0", as a new string for the
 * caller to free, or NULL where the signature or the key does not exist.
 */
char *signature_tensor_name(const void *meta_graph_def, size_t length, const char *signature,
                            enum SignatureSide side, const char *key);

#endif
