// Attention weights as a table: a column for each source piece, a row for each target piece.

/** Draws into a table, a row at a time. */
export class Heatmap {
  /**
   * @param {HTMLTableElement} table what it holds is removed.
   * @param {string[]} pieces of the source.
   */
  constructor(table, pieces) {
    table.replaceChildren();
    const row = table.createTHead().insertRow();
    row.append(document.createElement('td'), ...pieces.map((piece) => header(piece, 'col')));
    this.body = table.createTBody();
    this.pieces = pieces;
  }

  /** Adds the row of a target piece, with the weight of each source piece, 0 to 1. */
  add(piece, weights) {
    const row = this.body.insertRow();
    row.append(header(piece, 'row'));
    this.pieces.forEach((sourcePiece, index) => {
      const percent = Math.round(100 * weights[index]);
      const cell = row.insertCell();
      cell.style.setProperty('--weight', `${percent}%`);
      cell.title = `${piece} looks at ${sourcePiece}: ${percent}%`;
      cell.append(percent);
    });
  }
}

function header(piece, scope) {
  const cell = document.createElement('th');
  cell.scope = scope;
  const label = document.createElement('span');
  label.append(piece);
  cell.append(label);
  return cell;
}
