/*
 * Runs a text-to-text SavedModel through TensorFlow's C API: lines in, lines out, no Python.
 *
 *   translate [--signature NAME] [--scores] [--ready]
 *             SAVED_MODEL_DIR TEXT_OPS_LIBRARY [BATCH_SIZE] < lines > lines
 *
 * A signature (`serving_default` unless given) takes and returns one of these:
 *
 *   takes   `text`, string [batch]            a line is a text
 *   returns `text`, string [batch]            a line is a text
 *           `score`, float32 [batch]
 *
 *   takes   `source`, int32 [batch, source]   a line is the ids of a text, with spaces between
 *   returns `tokens`, int32 [batch, target]   a line is the ids of a translation; 0 is padding
 *           `score`, float32 [batch]
 *
 * A signature that takes text may also return where the model looked: `output_tokens`, string
 * [batch, target], empty at padding, and `weights`, float32 [batch, target, source]. Then each
 * output line ends with a tab and, for each output token, the source token with the most weight:
 * "0-0 2-1" says that output token 0 looked at source token 0, and 1 at 2.
 *
 * A model that takes text splits it into pieces itself, with operations of TensorFlow Text that are
 * not part of TensorFlow: TEXT_OPS_LIBRARY is the shared library that holds them, or several
 * separated by colons.
 *
 * Standard input is split at newlines and nowhere else. A line may have any length and hold any
 * bytes, zero bytes and invalid UTF-8 among them; the model receives them unchanged. BATCH_SIZE
 * lines (32 unless given) make one call of the model. Every input line gives one output line, in
 * the same order. To keep to that, a newline inside an answer is written as a space; nothing else
 * is changed. With --scores each output line begins with the score and a tab. With --ready a line
 * "ready" comes before all others, as soon as the model is loaded.
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

enum { DEFAULT_BATCH_SIZE = 32 };
/* ANSWER is `text` or `tokens`. The last two are there if the signature returns them. */
enum { ANSWER, SCORE, OUTPUT_TOKENS, WEIGHTS, MOST_OUTPUTS };

/*
 * A loaded model and one signature of it. A session may serve several threads at once:
 * TF_SessionRun is thread-safe.
 */
typedef struct {
  TF_Graph *graph;
  TF_Session *session;
  bool takes_ids;
  TF_Output input;
  int output_count;
  TF_Output outputs[MOST_OUTPUTS];
} Model;

/* A line of the standard input, without its newline; getline ends it with a zero byte. */
typedef struct {
  char *bytes;
  size_t length;
} Line;

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

/* Finds the tensor of the graph with the name of an operation, a colon, and an output's number. */
static TF_Output find_tensor(TF_Graph *graph, char *name) {
  char *colon = strrchr(name, ':');
  TF_Output tensor = {NULL, colon == NULL ? 0 : atoi(colon + 1)};
  if (colon != NULL) *colon = '\0';
  tensor.oper = TF_GraphOperationByName(graph, name);
  if (tensor.oper == NULL) fail("the graph has no operation '%s'", name);
  return tensor;
}

/* Finds what an input or output of the signature stands for; false where it has none so called. */
static bool find_optional(TF_Graph *graph, const TF_Buffer *meta_graph_def, const char *signature,
                          enum SignatureSide side, const char *key, TF_Output *tensor) {
  char *name =
      signature_tensor_name(meta_graph_def->data, meta_graph_def->length, signature, side, key);
  if (name == NULL) return false;
  *tensor = find_tensor(graph, name);
  free(name);
  return true;
}

static TF_Output find_required(TF_Graph *graph, const TF_Buffer *meta_graph_def,
                               const char *signature, enum SignatureSide side, const char *key) {
  TF_Output tensor;
  if (!find_optional(graph, meta_graph_def, signature, side, key, &tensor)) {
    fail("the SavedModel has no signature '%s' with %s '%s'", signature,
         side == SIGNATURE_INPUT ? "input" : "output", key);
  }
  return tensor;
}

/* Finds what the signature takes and returns. */
static void find_tensors(Model *model, const TF_Buffer *meta_graph_def, const char *signature) {
  TF_Graph *graph = model->graph;
  TF_Output *outputs = model->outputs;
  model->takes_ids = find_optional(graph, meta_graph_def, signature, SIGNATURE_INPUT, "source",
                                   &model->input);
  if (!model->takes_ids) {
    model->input = find_required(graph, meta_graph_def, signature, SIGNATURE_INPUT, "text");
  }
  outputs[ANSWER] = find_required(graph, meta_graph_def, signature, SIGNATURE_OUTPUT,
                                  model->takes_ids ? "tokens" : "text");
  outputs[SCORE] = find_required(graph, meta_graph_def, signature, SIGNATURE_OUTPUT, "score");
  model->output_count = OUTPUT_TOKENS;
  if (find_optional(graph, meta_graph_def, signature, SIGNATURE_OUTPUT, "weights",
                    &outputs[WEIGHTS])) {
    outputs[OUTPUT_TOKENS] =
        find_required(graph, meta_graph_def, signature, SIGNATURE_OUTPUT, "output_tokens");
    model->output_count = MOST_OUTPUTS;
  }
}

/* Reads the graph, restores the variables and runs the initializers (tokenizers, tables). */
static Model load_model(const char *folder, const char *signature) {
  TF_Status *status = TF_NewStatus();
  TF_SessionOptions *options = TF_NewSessionOptions(); /* TF_SetConfig would set thread counts. */
  TF_Buffer *meta_graph_def = TF_NewBuffer();
  const char *tags[] = {kServeTag};

  Model model = {.graph = TF_NewGraph()};
  model.session = TF_LoadSessionFromSavedModel(options, NULL, folder, tags, 1, model.graph,
                                               meta_graph_def, status);
  check(status, "Loading the SavedModel");
  find_tensors(&model, meta_graph_def, signature);

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

/* ----------------------------------------------------------------------------------- input -- */

/* Reads up to `most` lines; fewer only at the end. The caller frees each line's bytes. */
static size_t read_lines(FILE *input, Line *lines, size_t most) {
  size_t count = 0;
  while (count < most) {
    char *bytes = NULL;
    size_t capacity = 0;
    ssize_t length = getline(&bytes, &capacity, input);
    if (length < 0) {
      free(bytes);
      break;
    }
    if (bytes[length - 1] == '\n') bytes[--length] = '\0'; /* The last line may lack it. */
    lines[count++] = (Line){bytes, (size_t)length};
  }
  if (ferror(input)) fail("reading the standard input failed: %s", strerror(errno));
  if (!feof(input) && count < most) fail("out of memory");
  return count;
}

/* TensorFlow calls this when the last tensor that shares these strings is gone. */
static void free_strings(void *data, size_t byte_count, void *unused) {
  (void)unused;
  TF_TString *strings = data;
  for (size_t i = 0; i < byte_count / sizeof *strings; ++i) TF_StringDealloc(&strings[i]);
  free(strings);
}

/*
 * The lines as a string tensor of shape [count].
 *
 * A string tensor is an array of TF_TString. Short strings lie inside their TF_TString, longer
 * ones in memory of their own, so the array cannot simply be passed to free(). An output of the
 * graph may also share the memory of its input, so the strings may not be released right after
 * the call either. The deallocator given to TF_NewTensor answers both.
 */
static TF_Tensor *text_tensor(const Line *lines, size_t count) {
  TF_TString *strings = check_memory(calloc(count, sizeof *strings));
  for (size_t i = 0; i < count; ++i) {
    TF_StringInit(&strings[i]);
    TF_StringCopy(&strings[i], lines[i].bytes, lines[i].length);
  }
  const int64_t shape[] = {(int64_t)count};
  return check_memory(
      TF_NewTensor(TF_STRING, shape, 1, strings, count * sizeof *strings, free_strings, NULL));
}

/* Counts the ids of a line, and writes them to `ids` unless that is NULL. */
static size_t parse_ids(const Line *line, int32_t *ids) {
  size_t count = 0;
  char *rest = line->bytes;
  const char *end = line->bytes + line->length;
  while (rest < end) {
    char *next;
    long id = strtol(rest, &next, 10);
    if (next == rest || id < 0 || id > INT32_MAX || (*next != ' ' && next != end)) {
      fail("a line is no list of ids with single spaces between: '%s'", line->bytes);
    }
    if (ids != NULL) ids[count] = (int32_t)id;
    ++count;
    rest = next + 1;
  }
  return count;
}

/* The lines as an int32 tensor of shape [count, most ids of a line], 0 behind a line's ids. */
static TF_Tensor *ids_tensor(const Line *lines, size_t count) {
  size_t width = 1;
  for (size_t i = 0; i < count; ++i) {
    size_t length = parse_ids(&lines[i], NULL);
    if (length > width) width = length;
  }
  const int64_t shape[] = {(int64_t)count, (int64_t)width};
  size_t byte_count = count * width * sizeof(int32_t);
  TF_Tensor *tensor = check_memory(TF_AllocateTensor(TF_INT32, shape, 2, byte_count));
  int32_t *ids = TF_TensorData(tensor);
  memset(ids, 0, byte_count);
  for (size_t i = 0; i < count; ++i) parse_ids(&lines[i], ids + i * width);
  return tensor;
}

/* The next lines as a tensor that the model takes; NULL where the input has ended. */
static TF_Tensor *read_batch(const Model *model, FILE *input, size_t batch_size) {
  Line *lines = check_memory(calloc(batch_size, sizeof *lines));
  size_t count = read_lines(input, lines, batch_size);
  TF_Tensor *tensor = NULL;
  if (count > 0) tensor = model->takes_ids ? ids_tensor(lines, count) : text_tensor(lines, count);
  for (size_t i = 0; i < count; ++i) free(lines[i].bytes);
  free(lines);
  return tensor;
}

/* --------------------------------------------------------------------------------- running -- */

/* A signature may promise one shape and a graph deliver another: look before reading the data. */
static void check_output(const TF_Tensor *tensor, const char *name, TF_DataType type,
                         const int64_t *shape, int rank) {
  if (TF_TensorType(tensor) != type) {
    fail("output '%s' has type %d instead of %d", name, (int)TF_TensorType(tensor), (int)type);
  }
  bool fits = TF_NumDims(tensor) == rank;
  for (int i = 0; fits && i < rank; ++i) fits = shape[i] < 0 || TF_Dim(tensor, i) == shape[i];
  if (!fits) {
    fail("output '%s' does not have %d dimensions, the first of size %" PRId64, name, rank,
         shape[0]);
  }
}

/* Checks what came out for so many lines; -1 is any size. */
static void check_outputs(const Model *model, TF_Tensor *const *outputs, int64_t count) {
  int64_t shape[] = {count, -1, -1};
  if (model->takes_ids) {
    check_output(outputs[ANSWER], "tokens", TF_INT32, shape, 2);
  } else {
    check_output(outputs[ANSWER], "text", TF_STRING, shape, 1);
  }
  check_output(outputs[SCORE], "score", TF_FLOAT, shape, 1);
  if (model->output_count == MOST_OUTPUTS) {
    check_output(outputs[OUTPUT_TOKENS], "output_tokens", TF_STRING, shape, 2);
    shape[1] = TF_Dim(outputs[OUTPUT_TOKENS], 1);
    check_output(outputs[WEIGHTS], "weights", TF_FLOAT, shape, 3);
  }
}

/* Calls the model. The caller deletes the tensors in `outputs`. */
static void run_model(const Model *model, TF_Tensor *input, TF_Tensor **outputs) {
  TF_Status *status = TF_NewStatus();
  TF_SessionRun(model->session, NULL, &model->input, &input, 1, model->outputs, outputs,
                model->output_count, NULL, 0, NULL, status);
  check(status, "Running the model");
  TF_DeleteStatus(status);
  check_outputs(model, outputs, TF_Dim(input, 0));
}

/* ---------------------------------------------------------------------------------- output -- */

/* Not printf("%s"): the text may hold zero bytes. */
static void write_text(const TF_TString *text, FILE *output) {
  const char *bytes = TF_StringGetDataPointer(text);
  size_t length = TF_StringGetSize(text);
  for (size_t i = 0; i < length; ++i) putc(bytes[i] == '\n' ? ' ' : bytes[i], output);
}

static void write_ids(const int32_t *ids, int64_t count, FILE *output) {
  const char *separator = "";
  for (int64_t i = 0; i < count; ++i) {
    if (ids[i] == 0) continue;
    fprintf(output, "%s%" PRId32, separator, ids[i]);
    separator = " ";
  }
}

static int64_t largest(const float *values, int64_t count) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; ++i) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}

/* Where each token of a translation looked most. An empty token is padding. */
static void write_alignment(const TF_TString *tokens, const float *weights, int64_t targets,
                            int64_t sources, FILE *output) {
  const char *separator = "";
  putc('\t', output);
  for (int64_t i = 0; i < targets && TF_StringGetSize(&tokens[i]) > 0; ++i) {
    int64_t source = largest(weights + i * sources, sources);
    fprintf(output, "%s%" PRId64 "-%" PRId64, separator, source, i);
    separator = " ";
  }
}

/* Strings belong to their tensor: TF_DeleteTensor releases them, not TF_StringDealloc. */
static void write_answer(const Model *model, TF_Tensor *const *outputs, int64_t row, FILE *output) {
  if (model->takes_ids) {
    int64_t width = TF_Dim(outputs[ANSWER], 1);
    write_ids((const int32_t *)TF_TensorData(outputs[ANSWER]) + row * width, width, output);
  } else {
    write_text((const TF_TString *)TF_TensorData(outputs[ANSWER]) + row, output);
  }
  if (model->output_count == MOST_OUTPUTS) {
    int64_t targets = TF_Dim(outputs[WEIGHTS], 1), sources = TF_Dim(outputs[WEIGHTS], 2);
    const TF_TString *tokens = TF_TensorData(outputs[OUTPUT_TOKENS]);
    const float *weights = TF_TensorData(outputs[WEIGHTS]);
    write_alignment(tokens + row * targets, weights + row * targets * sources, targets, sources,
                    output);
  }
  putc('\n', output);
}

static void check_written(FILE *output) {
  if (fflush(output) != 0 || ferror(output)) {
    fail("writing the standard output failed: %s", strerror(errno));
  }
}

static void write_batch(const Model *model, TF_Tensor *const *outputs, bool with_scores,
                        FILE *output) {
  const float *scores = TF_TensorData(outputs[SCORE]);
  for (int64_t i = 0; i < TF_Dim(outputs[SCORE], 0); ++i) {
    if (with_scores) fprintf(output, "%.9g\t", scores[i]); /* Nine digits identify a float32. */
    write_answer(model, outputs, i, output);
  }
  /* After every batch, so that a program at the other end of a pipe can go on. */
  check_written(output);
}

static void translate(const Model *model, size_t batch_size, bool with_scores) {
  TF_Tensor *input;
  while ((input = read_batch(model, stdin, batch_size)) != NULL) {
    TF_Tensor *outputs[MOST_OUTPUTS] = {NULL};
    run_model(model, input, outputs);
    write_batch(model, outputs, with_scores, stdout);
    for (int i = 0; i < model->output_count; ++i) TF_DeleteTensor(outputs[i]);
    TF_DeleteTensor(input);
  }
}

/* ------------------------------------------------------------------------------- arguments -- */

static void usage(void) {
  fputs("usage: translate [--signature NAME] [--scores] [--ready] SAVED_MODEL_DIR "
        "TEXT_OPS_LIBRARY[:LIBRARY...] [BATCH_SIZE]\n",
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
  const char *signature = "serving_default";
  bool with_scores = false, say_ready = false;
  int next = 1;
  for (; next < argc && strncmp(argv[next], "--", 2) == 0; ++next) {
    if (strcmp(argv[next], "--scores") == 0) {
      with_scores = true;
    } else if (strcmp(argv[next], "--ready") == 0) {
      say_ready = true;
    } else if (strcmp(argv[next], "--signature") == 0 && next + 1 < argc) {
      signature = argv[++next];
    } else {
      usage();
    }
  }
  int count = argc - next;
  if (count < 2 || count > 3) usage();
  size_t batch_size = count == 3 ? parse_batch_size(argv[next + 2]) : DEFAULT_BATCH_SIZE;

  load_text_operations(argv[next + 1]);
  Model model = load_model(argv[next], signature);
  if (say_ready) {
    fputs("ready\n", stdout);
    check_written(stdout);
  }
  translate(&model, batch_size, with_scores);
  delete_model(&model);
  return 0;
}
