// Text to subword ids and back, by the SentencePiece library compiled to WebAssembly.

import { SentencePieceProcessor } from '@sctg/sentencepiece-js';

/** A SentencePiece model. Ids: 0 padding, 1 unknown, 2 begin, 3 end; none of them gives text. */
export class Tokenizer {
  /** @param {Uint8Array} model the bytes of a SentencePiece model file. */
  static async load(model) {
    const processor = new SentencePieceProcessor();
    await processor.loadFromB64StringModel(base64(model));
    return new Tokenizer(processor);
  }

  constructor(processor) {
    this.processor = processor;
  }

  /** The ids of a text, without begin and end. */
  encode(text) {
    return this.processor.encodeIds(text.toWellFormed());
  }

  /** The text of ids. Bytes that make no valid UTF-8 become U+FFFD. */
  decode(ids) {
    return this.processor.decodeIds(ids);
  }

  /** A piece as it is written inside a text: U+2581 begins a word. */
  piece(id) {
    // The space before a text's first word is not part of the text, so the piece is read twice.
    return this.decode([id, id]).slice(this.decode([id]).length).replaceAll(' ', '▁');
  }
}

function base64(bytes) {
  return btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(''));
}
