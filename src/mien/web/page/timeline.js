// The timeline: scores, candidates, and where the face was seen, over a stretch of the video that can be narrowed.

import { clock, seconds, svg } from "./dom.js";

const HEIGHT = 190;
const LEFT = 44;
const RIGHT = 8;
const LANES = { micro: 14, macro: 36 };
const LANE = 16;
const TOP = 64;
const BOTTOM = 142;
const STRIP = 150;
const STEPS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];

export class Timeline {
  /** @param figure where it is drawn. @param load(from, to) gives the data. @param onEvent, @param onTime are told of clicks. */
  constructor(figure, events, load, onEvent, onTime) {
    Object.assign(this, { figure, events, load, onEvent, onTime, chosen: null, now: null });
    this.watch = new ResizeObserver(() => this.data && this.draw());
    this.watch.observe(figure);
  }

  async open() {
    await this.view(0, 1e9);
    this.end = this.data.duration_s;
  }

  close() {
    this.watch.disconnect();
    this.figure.replaceChildren();
  }

  async view(from, to) {
    const asked = (this.asked = Symbol("view"));
    const data = await this.load(from, to);
    if (asked !== this.asked) return;
    this.data = data;
    this.draw();
  }

  /** Show less (factor < 1) or more around what is chosen, or the middle. */
  zoom(factor) {
    const { from_s: from, to_s: to } = this.data;
    const event = this.events.find((each) => each.event_id === this.chosen);
    const inside = event && event.apex_s >= from && event.apex_s <= to;
    const middle = inside ? event.apex_s : (from + to) / 2;
    const width = Math.min(Math.max((to - from) * factor, 0.5), this.end);
    const begin = Math.min(Math.max(middle - width / 2, 0), Math.max(this.end - width, 0));
    return this.view(begin, begin + width);
  }

  move(share) {
    const { from_s: from, to_s: to } = this.data;
    const width = to - from;
    const begin = Math.min(Math.max(from + share * width, 0), Math.max(this.end - width, 0));
    return this.view(begin, begin + width);
  }

  choose(id) {
    this.chosen = id;
    const event = this.events.find((each) => each.event_id === id);
    const { from_s: from, to_s: to } = this.data;
    if (event && (event.apex_s < from || event.apex_s > to)) {
      const begin = Math.min(Math.max(event.apex_s - (to - from) / 2, 0), this.end - (to - from));
      this.view(begin, begin + to - from);
    } else this.draw();
  }

  /** Show where the video stands. */
  at(time) {
    this.now = time;
    const line = this.figure.querySelector(".t-now");
    if (!line) return;
    const x = this.x(time);
    line.setAttribute("transform", `translate(${x} 0)`);
    line.toggleAttribute("hidden", time < this.data.from_s || time > this.data.to_s);
    line.style.display = line.hasAttribute("hidden") ? "none" : "";
  }

  x(time) {
    const { from_s: from, to_s: to } = this.data;
    return LEFT + ((time - from) / (to - from || 1)) * (this.width - LEFT - RIGHT);
  }

  draw() {
    this.width = Math.max(this.figure.clientWidth, 240);
    const held = this.figure.contains(document.activeElement) ? document.activeElement.dataset.event : null;
    const chart = svg("svg", { viewBox: `0 0 ${this.width} ${HEIGHT}`, role: "group", "aria-label": this.words() });
    const clicked = (event) => {
      const box = chart.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width * this.width;
      const { from_s: from, to_s: to } = this.data;
      this.onTime(from + ((share - LEFT) / (this.width - LEFT - RIGHT)) * (to - from));
    };
    chart.append(svg("rect", { class: "t-back", x: LEFT, y: 0, width: this.width - LEFT - RIGHT, height: HEIGHT - 24, onclick: clicked }));
    chart.append(...this.span(), ...this.axis(), ...this.curves(), ...this.strip(), ...this.marks());
    chart.append(svg("line", { class: "t-now", y1: 4, y2: STRIP + 12, x1: 0, x2: 0 }));
    this.figure.replaceChildren(chart);
    this.at(this.now ?? -1);
    if (held) this.figure.querySelector(`[data-event="${held}"]`)?.focus();
  }

  words() {
    const count = (kind) => this.events.filter((event) => event.kind === kind).length;
    return `${clock(this.data.from_s)} to ${clock(this.data.to_s)}; in the whole video ${count("micro")} micro and ${count("macro")} macro candidates`;
  }

  span() {
    const event = this.events.find((each) => each.event_id === this.chosen);
    if (!event) return [];
    const [from, to] = this.clipped(event.onset_s, event.offset_s);
    return to < from ? [] : [svg("rect", { class: "t-span", x: from, y: 4, width: Math.max(to - from, 2), height: STRIP + 8 })];
  }

  clipped(start, end) {
    return [Math.max(this.x(start), LEFT), Math.min(this.x(end), this.width - RIGHT)];
  }

  axis() {
    const { from_s: from, to_s: to } = this.data;
    const step = STEPS.find((each) => ((to - from) / each) * 74 < this.width - LEFT) || STEPS.at(-1);
    const parts = [svg("text", { x: 0, y: LANES.micro + 12 }, "micro"), svg("text", { x: 0, y: LANES.macro + 12 }, "macro"), svg("text", { x: 0, y: STRIP + 10 }, "face"), svg("line", { class: "t-base", x1: LEFT, x2: this.width - RIGHT, y1: BOTTOM, y2: BOTTOM })];
    for (let time = Math.ceil(from / step) * step; time <= to + 1e-9; time += step) {
      const x = this.x(time);
      const label = step < 1 ? clock(time, step < 0.1 ? 2 : 1) : clock(time, 0);
      const anchor = x > this.width - 40 ? "end" : x < LEFT + 12 ? "start" : "middle";
      parts.push(svg("line", { class: "t-grid", x1: x, x2: x, y1: 8, y2: BOTTOM }), svg("text", { x, y: HEIGHT - 6, "text-anchor": anchor }, label));
    }
    return parts;
  }

  curves() {
    const { micro_score: micro, macro_score: macro } = this.data;
    const all = [...micro, ...macro].filter((value) => value !== null);
    if (!all.length) return [];
    const top = all.reduce((a, b) => Math.max(a, b), 1);
    // Below zero nothing stands out.
    const y = (value) => BOTTOM - (Math.max(value, 0) / top) * (BOTTOM - TOP);
    const width = (this.width - LEFT - RIGHT) / micro.length;
    // Pieces shorter than a frame are empty: the line goes on over few of them, and stops where nothing is known.
    const perFrame = (this.data.to_s - this.data.from_s) / micro.length;
    const bridge = Math.max(1.5, (1.6 * this.data.duration_s) / Math.max(this.data.n_frames - 1, 1) / (perFrame || 1));
    const path = (values) => {
      let text = "";
      let last = -Infinity;
      values.forEach((value, place) => {
        if (value === null) return;
        text += `${place - last > bridge ? "M" : "L"}${(LEFT + (place + 0.5) * width).toFixed(1)} ${y(value).toFixed(1)}`;
        last = place;
      });
      return text;
    };
    return [
      svg("text", { x: 0, y: TOP + 8 }, top.toFixed(top < 10 ? 1 : 0)),
      svg("text", { x: 0, y: (TOP + BOTTOM) / 2 + 6 }, "score"),
      svg("text", { x: 0, y: BOTTOM - 1 }, "0"),
      svg("path", { class: "t-macro", d: path(macro) }),
      svg("path", { class: "t-micro", d: path(micro) }),
    ];
  }

  strip() {
    const { seen, excluded } = this.data;
    const width = (this.width - LEFT - RIGHT) / seen.length;
    const parts = [];
    const runs = (values, is, make) => {
      let start = null;
      const close = (end) => {
        if (start !== null) parts.push(make(LEFT + start * width, (end - start) * width));
        start = null;
      };
      values.forEach((value, place) => {
        if (value === null) return;
        if (is(value)) start ??= place;
        else close(place);
      });
      close(values.length);
    };
    runs(seen, (share) => share >= 0.5, (x, w) => svg("rect", { class: "t-seen", x, y: STRIP, width: w, height: 12 }));
    runs(seen, (share) => share < 0.5, (x, w) => svg("rect", { class: "t-lost", x, y: STRIP, width: w, height: 12 }));
    runs(excluded, (share) => share >= 0.5, (x, w) => svg("rect", { class: "t-out", x, y: 8, width: w, height: STRIP - 8 }));
    return parts;
  }

  marks() {
    return this.events.flatMap((event) => {
      const [from, to] = this.clipped(event.onset_s, event.offset_s);
      if (to < LEFT || from > this.width - RIGHT || to < from) return [];
      const width = Math.max(to - from, 5);
      const y = LANES[event.kind] ?? LANES.micro;
      const open = () => this.onEvent(event.event_id);
      const key = (press) => {
        if (press.key === "Enter" || press.key === " ") {
          press.preventDefault();
          open();
        }
      };
      const apex = Math.min(Math.max(this.x(event.apex_s), from), from + width);
      const name = `Candidate ${event.event_id}, ${event.kind}, ${seconds(event.onset_s)} to ${seconds(event.offset_s)}`;
      return [svg("g", { class: `t-event ${event.kind}`, role: "button", tabindex: 0, "data-event": event.event_id, "aria-label": name, "aria-pressed": String(event.event_id === this.chosen), onclick: open, onkeydown: key },
        svg("title", {}, name), svg("rect", { x: from, y, width, height: LANE, rx: 3 }), svg("path", { d: `M${apex} ${y + 3}v${LANE - 6}` }))];
    });
  }
}
