// The tokenizer's library imports `fs` and `buffer`, which only Node has. Of both it needs, in a
// page, one function. The import map in index.html leads here.

export const Buffer = {
  /** The bytes of a base64 text. */
  from: (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0)),
};
