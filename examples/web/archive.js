// The files that a `.tflite` file carries: a ZIP archive behind the model, nothing compressed.

const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_SIZE = 22;
const DIRECTORY_ENTRY_SIZE = 46;
const FILE_HEADER_SIZE = 30;

/**
 * Reads the archive at the end of a file.
 *
 * @param {Uint8Array} bytes the whole file.
 * @return {Map<string, Uint8Array>} the files by name; empty where there is no archive.
 */
export function filesBehind(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - END_OF_DIRECTORY_SIZE;
  const files = new Map();
  if (end < 0 || view.getUint32(end, true) !== END_OF_DIRECTORY) return files;
  const count = view.getUint16(end + 10, true);
  let entry = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    const size = view.getUint32(entry + 20, true);
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((at) =>
      view.getUint16(entry + at, true),
    );
    const name = bytes.subarray(entry + DIRECTORY_ENTRY_SIZE).subarray(0, nameSize);
    const header = view.getUint32(entry + 42, true);
    const start =
      header +
      FILE_HEADER_SIZE +
      view.getUint16(header + 26, true) +
      view.getUint16(header + 28, true);
    files.set(new TextDecoder().decode(name), bytes.subarray(start, start + size));
    entry += DIRECTORY_ENTRY_SIZE + nameSize + extraSize + commentSize;
  }
  return files;
}
