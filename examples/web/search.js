// Greedy search, one step of the decoder at a time: the tokens of the signature `greedy`, each as
// soon as it is known, and where the model looked for it.

import { Tensor } from '@litertjs/core';
import { deleteAll } from './model.js';

const BEGIN = 2;
export const END = 3;

/**
 * The ids of a text as the model reads them. White space around the text is ignored.
 *
 * @return {{ids: number[], left: number}} the ids, the end id last, at most `width`; and how many
 *     were left out, since the text has more.
 */
export function sourceIds(text, tokenizer, width) {
  const ids = tokenizer.encode(text.replace(/^[\t-\r ]+/, '').replace(/[\t-\r ]+$/, ''));
  const kept = ids.slice(0, width - 1);
  return { ids: [...kept, END], left: ids.length - kept.length };
}

/** The text of target ids, in which a line break is a space. */
export function targetText(tokens, tokenizer) {
  return tokenizer.decode(tokens).replace(/[\r\n]/g, ' ');
}

/**
 * Translates, taking the most probable token at every step.
 *
 * @param {Model} model
 * @param {number[]} ids of the source, the end id last.
 * @yield {{token: number, weights: Float32Array}} a token of the target, the end token among them
 *     unless the limit came first, and the weight of each source id.
 */
export async function* translate(model, ids) {
  const limit = longestTarget(ids.length, model.description.max_length);
  const source = model.sourceTensor(ids);
  let state = await model.run('encode', { source });
  source.delete();
  try {
    for (let token = BEGIN, count = 0; token !== END && count < limit; count++) {
      const { logits, weights, ...next } = await readToken(model, token, state);
      deleteAll(state);
      state = next;
      token = mostProbable(logits.toTypedArray());
      const looked = weights.toTypedArray().slice(0, ids.length);
      deleteAll({ logits, weights });
      yield { token, weights: looked };
    }
  } finally {
    deleteAll(state);
  }
}

async function readToken(model, id, state) {
  const token = new Tensor(Int32Array.of(id), [1]);
  const outputs = await model.run('decode_step', { token, ...state });
  token.delete();
  return outputs;
}

/** The most tokens of a target, for a source of so many tokens, the end token among them. */
function longestTarget(tokens, maxLength) {
  return tokens > 1 ? Math.min(2 * tokens + 8, maxLength) : 0;
}

/** The id of the highest logit. Padding, unknown and begin are never chosen. */
function mostProbable(logits) {
  let best = END;
  for (let id = END + 1; id < logits.length; id++) {
    if (logits[id] > logits[best]) best = id;
  }
  return best;
}
