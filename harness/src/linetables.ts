// Owns tables of the lines of two texts: which are the same, and which occur once.

/** A number for each line, the same for equal ones: a table of hashes, in which what is alike is
 * compared. */
export class Numbers {
  count = 0;
  private readonly mask: number;
  /** The number of a line and one, by where its hash leads; 0 is free. */
  private readonly table: Int32Array;
  private readonly hashes: Int32Array;
  private readonly known: string[] = [];

  constructor(lines: number) {
    this.mask = 2 ** Math.ceil(Math.log2(2 * lines + 2)) - 1;
    this.table = new Int32Array(this.mask + 1);
    this.hashes = new Int32Array(lines);
  }

  /** Of the line of a text that goes from a place to another. */
  of(text: string, line: string, start: number, end: number): number {
    return this.numberOf(line, hashOf(text, start, end));
  }

  private numberOf(line: string, hash: number): number {
    for (let place = hash & this.mask; ; place = (place + 1) & this.mask) {
      const number = this.table[place]! - 1;
      if (number < 0) {
        this.hashes[this.count] = hash;
        this.known.push(line);
        this.table[place] = this.count + 1;
        return this.count++;
      }
      if (this.hashes[number] === hash && this.known[number] === line) return number;
    }
  }
}

function hashOf(text: string, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash ^ (hash >>> 15);
}

/** Where each line is that occurs once in a range. */
export class OnlyOnes {
  /** The place and one; 0 for none, -1 for several. */
  private readonly places: Int32Array;

  constructor(
    private readonly lines: Int32Array,
    numbers: number,
  ) {
    this.places = new Int32Array(numbers);
  }

  look(start: number, end: number): void {
    for (let at = start; at < end; at += 1) {
      const line = this.lines[at]!;
      this.places[line] = this.places[line] === 0 ? at + 1 : -1;
    }
  }

  /** -1 or less when it is not there, or several times. */
  placeOf(line: number): number {
    return this.places[line]! - 1;
  }

  forget(start: number, end: number): void {
    for (let at = start; at < end; at += 1) this.places[this.lines[at]!] = 0;
  }
}
