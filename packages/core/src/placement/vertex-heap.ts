const ABSENT = -1;

/** A binary heap of vertices, that with the largest key first; keys may change. */
export class VertexHeap {
  size = 0;
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  readonly #key: Float64Array;

  /** @param vertices how many vertices there are */
  constructor(vertices: number) {
    this.#heap = new Int32Array(vertices);
    this.#place = new Int32Array(vertices).fill(ABSENT);
    this.#key = new Float64Array(vertices);
  }

  /** The vertex with the largest key; there must be one. */
  get first(): number {
    return this.#heap[0] as number;
  }

  keyOf(vertex: number): number {
    return this.#key[vertex] as number;
  }

  /** Puts a vertex in, or changes its key. */
  put(vertex: number, key: number): void {
    let place = this.#place[vertex] as number;
    if (place === ABSENT) {
      place = this.size;
      this.size += 1;
      this.#heap[place] = vertex;
      this.#place[vertex] = place;
    }
    this.#key[vertex] = key;
    this.#settle(place);
  }

  /** Takes a vertex out, if it is in. */
  remove(vertex: number): void {
    const place = this.#place[vertex] as number;
    if (place === ABSENT) return;
    this.#place[vertex] = ABSENT;
    this.size -= 1;
    if (place === this.size) return;
    const last = this.#heap[this.size] as number;
    this.#heap[place] = last;
    this.#place[last] = place;
    this.#settle(place);
  }

  clear(): void {
    for (let place = 0; place < this.size; place += 1) this.#place[this.#heap[place] as number] = ABSENT;
    this.size = 0;
  }

  /** Moves the vertex at `place` up or down to where its key belongs. */
  #settle(place: number): void {
    const vertex = this.#heap[place] as number;
    const key = this.#key[vertex] as number;
    let hole = place;
    while (hole > 0) {
      const above = (hole - 1) >> 1;
      const other = this.#heap[above] as number;
      if ((this.#key[other] as number) >= key) break;
      this.#set(hole, other);
      hole = above;
    }
    if (hole === place) {
      for (;;) {
        let below = 2 * hole + 1;
        if (below >= this.size) break;
        const right = below + 1;
        if (right < this.size && this.#keyAt(right) > this.#keyAt(below)) below = right;
        const other = this.#heap[below] as number;
        if ((this.#key[other] as number) <= key) break;
        this.#set(hole, other);
        hole = below;
      }
    }
    this.#set(hole, vertex);
  }

  #keyAt(place: number): number {
    return this.#key[this.#heap[place] as number] as number;
  }

  #set(place: number, vertex: number): void {
    this.#heap[place] = vertex;
    this.#place[vertex] = place;
  }
}
