/*
 * Runs a text-to-text SavedModel through TensorFlow's C API: lines in, lines out, no Python.
 *
 *   translate [--scores] SAVED_MODEL_DIR TEXT_OPS_LIBRARY [BATCH_SIZE] < lines > lines
 *
 * The model's signature `serving_default` takes `text`, a string tensor of shape [batch], and
 * returns `text`, a string tensor of shape [batch], and `score`, a float32 tensor of shape
 * [batch]. The model splits text into pieces itself, with operations of TensorFlow Text that are
 * not part of TensorFlow: TEXT_OPS_LIBRARY is the shared library that holds them, or several
 * separated by colons.
 *
 * Standard input is split at newlines and nowhere else. A line may have any length and hold any
 * bytes, zero bytes and invalid UTF-8 among them; the model receives them unchanged. BATCH_SIZE
 * lines (32 unless given) make one call of the model. Every input line gives one output line, in
 * the same order. To keep to that, a newline inside an answer is written as a space; nothing else
 * is changed. With --scores each output line begins with the score and a tab.
 *
 * The first failure prints a message to standard error and ends the program with status 1 (2 for
 * wrong arguments). In a program that goes on living, return the error instead of calling fail().
 */
#define _POSIX_C_SOURCE 200809L /* getline, strdup, strtok_r */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signature.h"
#include "tensorflow/c/c_api.h"

static const char kServeTag[] = "serve";
static const char kSignature[] = "serving_default";

enum { DEFAULT_BATCH_SIZE = 32 };
enum { TEXT, SCORE, OUTPUT_COUNT };

/* A loaded model. One session may serve several threads at once: TF_SessionRun is thread-safe. */
typedef struct {
  TF_Graph *graph;
  TF_Session *session;
  TF_Output input;
  TF_Output outputs[OUTPUT_COUNT];
} Model;

/* -------------------------------------------------------------------------------- failures -- */

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("translate: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

/* Every call of the C API that can fail reports through a TF_Status, which must be looked at. */
static void check(const TF_Status *status, const char *action) {
  if (TF_GetCode(status) != TF_OK) {
    fail("%s failed (code %d): %s", action, (int)TF_GetCode(status), TF_Message(status));
  }
}

static void *check_memory(void *memory) {
  if (memory == NULL) fail("out of memory");
  return memory;
}

/* --------------------------------------------------------------------------------- loading -- */

/*
 * Registers the operations of the libraries with TensorFlow. This comes before the model is
 * loaded, because a graph with an unknown operation is refused ("Op type not registered").
 */
static void load_text_operations(const char *libraries) {
  TF_Status *status = TF_NewStatus();
  char *paths = check_memory(strdup(libraries));
  char *rest = NULL;
  for (char *path = strtok_r(paths, ":", &rest); path; path = strtok_r(NULL, ":", &rest)) {
    TF_Library *library = TF_LoadLibrary(path, status);
    check(status, "Loading the text operations");
    /* Frees the handle only. The library stays loaded and its operations stay registered. */
    TF_DeleteLibraryHandle(library);
  }
  free(paths);
  TF_DeleteStatus(status);
}

/* Finds the tensor of the graph that an input or output of the signature stands for. */
static TF_Output find_tensor(TF_Graph *graph, const TF_Buffer *meta_graph_def,
                             enum SignatureSide side, const char *key) {
  char *name =
      signature_tensor_name(meta_graph_def->data, meta_graph_def->length, kSignature, side, key);
  if (name == NULL) {
    fail("the SavedModel has no signature '%s' with %s '%s'", kSignature,
         side == SIGNATURE_INPUT ? "input" : "output", key);
  }
  /* The name is that of an operation, a colon, and the number of one of its outputs. */
  char *colon = strrchr(name, ':');
  TF_Output tensor = {NULL, colon == NULL ? 0 : atoi(colon + 1)};
  if (colon != NULL) *colon = '\0';
  tensor.oper = TF_GraphOperationByName(graph, name);
  if (tensor.oper == NULL) fail("the graph has no operation '%s'", name);
  free(name);
  return tensor;
}

/* Reads the graph, restores the variables and runs the initializers (tokenizers, tables). */
static Model load_model(const char *folder) {
  TF_Status *status = TF_NewStatus();
  TF_SessionOptions *options = TF_NewSessionOptions(); /* TF_SetConfig would set thread counts. */
  TF_Buffer *meta_graph_def = TF_NewBuffer();
  const char *tags[] = {kServeTag};

  Model model = {.graph = TF_NewGraph()};
  model.session = TF_LoadSessionFromSavedModel(options, NULL, folder, tags, 1, model.graph,
                                               meta_graph_def, status);
  check(status, "Loading the SavedModel");
  model.input = find_tensor(model.graph, meta_graph_def, SIGNATURE_INPUT, "text");
  model.outputs[TEXT] = find_tensor(model.graph, meta_graph_def, SIGNATURE_OUTPUT, "text");
  model.outputs[SCORE] = find_tensor(model.graph, meta_graph_def, SIGNATURE_OUTPUT, "score");

  TF_DeleteBuffer(meta_graph_def);
  TF_DeleteSessionOptions(options);
  TF_DeleteStatus(status);
  return model;
}

static void delete_model(Model *model) {
  TF_Status *status = TF_NewStatus();
  TF_CloseSession(model->session, status);
  check(status, "Closing the session");
  TF_DeleteSession(model->session, status);
  check(status, "Deleting the session");
  TF_DeleteGraph(model->graph);
  TF_DeleteStatus(status);
}

/* --------------------------------------------------------------------------------- running -- */

/* TensorFlow calls this when the last tensor that shares these strings is gone. */
static void free_strings(void *data, size_t byte_count, void *unused) {
  (void)unused;
  TF_TString *strings = data;
  for (size_t i = 0; i < byte_count / sizeof *strings; ++i) TF_StringDealloc(&strings[i]);
  free(strings);
}

/*
 * Reads up to `batch_size` lines into a string tensor of shape [lines read]; NULL where the input
 * has ended. `line` and `capacity` are getline's buffer, kept from one batch to the next.
 *
 * A string tensor is an array of TF_TString. Short strings lie inside their TF_TString, longer
 * ones in memory of their own, so the array cannot simply be passed to free(). An output of the
 * graph may also share the memory of its input, so the strings may not be released right after
 * the call either. The deallocator given to TF_NewTensor answers both.
 */
static TF_Tensor *read_batch(FILE *input, size_t batch_size, char **line, size_t *capacity) {
  TF_TString *strings = check_memory(calloc(batch_size, sizeof *strings));
  size_t count = 0;
  while (count < batch_size) {
    ssize_t length = getline(line, capacity, input);
    if (length < 0) break;
    if ((*line)[length - 1] == '\n') --length; /* The last line may lack its newline. */
    TF_StringInit(&strings[count]);
    TF_StringCopy(&strings[count], *line, (size_t)length);
    ++count;
  }
  if (ferror(input)) fail("reading the standard input failed: %s", strerror(errno));
  if (!feof(input) && count < batch_size) fail("out of memory");
  if (count == 0) {
    free(strings);
    return NULL;
  }
  const int64_t shape[] = {(int64_t)count};
  return check_memory(
      TF_NewTensor(TF_STRING, shape, 1, strings, count * sizeof *strings, free_strings, NULL));
}

/* A signature may promise one shape and a graph deliver another: look before reading the data. */
static void check_output(const TF_Tensor *tensor, const char *name, TF_DataType type,
                         int64_t count) {
  if (TF_TensorType(tensor) != type) {
    fail("output '%s' has type %d instead of %d", name, (int)TF_TensorType(tensor), (int)type);
  }
  if (TF_NumDims(tensor) != 1 || TF_Dim(tensor, 0) != count) {
    fail("output '%s' does not have the shape [%" PRId64 "]", name, count);
  }
}

/* Calls the model. The caller deletes the tensors in `outputs`. */
static void run_model(const Model *model, TF_Tensor *input, TF_Tensor *outputs[OUTPUT_COUNT]) {
  TF_Status *status = TF_NewStatus();
  TF_SessionRun(model->session, NULL, &model->input, &input, 1, model->outputs, outputs,
                OUTPUT_COUNT, NULL, 0, NULL, status);
  check(status, "Running the model");
  TF_DeleteStatus(status);
  check_output(outputs[TEXT], "text", TF_STRING, TF_Dim(input, 0));
  check_output(outputs[SCORE], "score", TF_FLOAT, TF_Dim(input, 0));
}

/* ---------------------------------------------------------------------------------- output -- */

/* Not printf("%s"): the text may hold zero bytes. */
static void write_line(const TF_TString *text, FILE *output) {
  const char *bytes = TF_StringGetDataPointer(text);
  size_t length = TF_StringGetSize(text);
  for (size_t i = 0; i < length; ++i) putc(bytes[i] == '\n' ? ' ' : bytes[i], output);
  putc('\n', output);
}

static void write_batch(TF_Tensor *const outputs[OUTPUT_COUNT], bool with_scores, FILE *output) {
  /* These strings belong to the tensor: TF_DeleteTensor releases them, not TF_StringDealloc. */
  const TF_TString *texts = TF_TensorData(outputs[TEXT]);
  const float *scores = TF_TensorData(outputs[SCORE]);
  for (int64_t i = 0; i < TF_Dim(outputs[TEXT], 0); ++i) {
    if (with_scores) fprintf(output, "%.9g\t", scores[i]); /* Nine digits identify a float32. */
    write_line(&texts[i], output);
  }
  /* After every batch, so that a program at the other end of a pipe can go on. */
  if (fflush(output) != 0 || ferror(output)) {
    fail("writing the standard output failed: %s", strerror(errno));
  }
}

static void translate(const Model *model, size_t batch_size, bool with_scores) {
  char *line = NULL;
  size_t capacity = 0;
  TF_Tensor *input;
  while ((input = read_batch(stdin, batch_size, &line, &capacity)) != NULL) {
    TF_Tensor *outputs[OUTPUT_COUNT] = {NULL};
    run_model(model, input, outputs);
    write_batch(outputs, with_scores, stdout);
    for (int i = 0; i < OUTPUT_COUNT; ++i) TF_DeleteTensor(outputs[i]);
    TF_DeleteTensor(input);
  }
  free(line);
}

/* ------------------------------------------------------------------------------- arguments -- */

static void usage(void) {
  fputs("usage: translate [--scores] SAVED_MODEL_DIR TEXT_OPS_LIBRARY[:LIBRARY...] [BATCH_SIZE]\n",
        stderr);
  exit(2);
}

static size_t parse_batch_size(const char *argument) {
  char *end;
  long size = strtol(argument, &end, 10);
  if (end == argument || *end != '\0' || size < 1 || size > INT_MAX) usage();
  return (size_t)size;
}

int main(int argc, char **argv) {
  bool with_scores = argc > 1 && strcmp(argv[1], "--scores") == 0;
  char **arguments = argv + 1 + with_scores;
  int count = argc - 1 - with_scores;
  if (count < 2 || count > 3) usage();
  size_t batch_size = count == 3 ? parse_batch_size(arguments[2]) : DEFAULT_BATCH_SIZE;

  load_text_operations(arguments[1]);
  Model model = load_model(arguments[0]);
  translate(&model, batch_size, with_scores);
  delete_model(&model);
  return 0;
}
