/*
 * Reads tensor names out of a serialized MetaGraphDef without a protocol buffer library.
 *
 * A program that already links protobuf can drop this file and write, in C++,
 * `meta_graph_def.signature_def().at("serving_default").inputs().at("text").name()`. Four
 * messages lie on that path, and these are the field numbers that they give to what is wanted
 * (tensorflow/core/protobuf/meta_graph.proto):
 *
 *   MetaGraphDef.signature_def = 5    map<string, SignatureDef>
 *   SignatureDef.inputs        = 1    map<string, TensorInfo>
 *   SignatureDef.outputs       = 2    map<string, TensorInfo>
 *   TensorInfo.name            = 1    string
 *
 * On the wire a message is a row of fields: a tag (field number * 8 + wire type), then the
 * content. A map is a repeated message whose field 1 is the key and whose field 2 is the value.
 */
#include "signature.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { META_GRAPH_SIGNATURES = 5, TENSOR_INFO_NAME = 1, MAP_KEY = 1, MAP_VALUE = 2 };
enum { WIRE_VARINT = 0, WIRE_64_BIT = 1, WIRE_LENGTH = 2, WIRE_32_BIT = 5 };

/* Some bytes of the MetaGraphDef, which owns them. Nothing found is {NULL, 0}. */
typedef struct {
  const uint8_t *start;
  size_t length;
} Bytes;

static const Bytes kNothing = {NULL, 0};

/* Takes `length` bytes off the front of `rest`; false where it has fewer. */
static bool take(Bytes *rest, uint64_t length, Bytes *taken) {
  if (length > rest->length) return false;
  *taken = (Bytes){rest->start, (size_t)length};
  rest->start += length;
  rest->length -= (size_t)length;
  return true;
}

/* Seven bits a byte, lowest first; the highest bit says that more follow. */
static bool take_varint(Bytes *rest, uint64_t *value) {
  Bytes byte;
  *value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (!take(rest, 1, &byte)) return false;
    *value |= (uint64_t)(byte.start[0] & 0x7f) << shift;
    if (byte.start[0] < 0x80) return true;
  }
  return false;
}

/* Takes one field; false at the end of the message and where its bytes make no sense. */
static bool take_field(Bytes *rest, uint64_t *number, Bytes *content) {
  uint64_t tag, value;
  if (!take_varint(rest, &tag)) return false;
  *number = tag >> 3;
  *content = kNothing;
  switch (tag & 7) {
    case WIRE_VARINT: return take_varint(rest, &value);
    case WIRE_64_BIT: return take(rest, 8, content);
    case WIRE_LENGTH: return take_varint(rest, &value) && take(rest, value, content);
    case WIRE_32_BIT: return take(rest, 4, content);
    default: return false;
  }
}

/* The content of the first field of that number. */
static Bytes find_field(Bytes message, uint64_t wanted) {
  uint64_t number;
  Bytes content;
  while (take_field(&message, &number, &content)) {
    if (number == wanted) return content;
  }
  return kNothing;
}

/* The value that a map, the field `map_number` of `message`, has under `key`. */
static Bytes find_in_map(Bytes message, uint64_t map_number, const char *key) {
  uint64_t number;
  Bytes entry;
  while (take_field(&message, &number, &entry)) {
    if (number != map_number) continue;
    Bytes entry_key = find_field(entry, MAP_KEY);
    if (entry_key.length == strlen(key) && memcmp(entry_key.start, key, strlen(key)) == 0) {
      return find_field(entry, MAP_VALUE);
    }
  }
  return kNothing;
}

char *signature_tensor_name(const void *meta_graph_def, size_t length, const char *signature,
                            enum SignatureSide side, const char *key) {
  Bytes meta_graph = {meta_graph_def, length};
  Bytes definition = find_in_map(meta_graph, META_GRAPH_SIGNATURES, signature);
  Bytes tensor_info = find_in_map(definition, side, key);
  Bytes name = find_field(tensor_info, TENSOR_INFO_NAME);
  if (name.length == 0) return NULL;

  char *copy = malloc(name.length + 1);
  if (copy == NULL) return NULL;
  memcpy(copy, name.start, name.length);
  copy[name.length] = '\0';
  return copy;
}
