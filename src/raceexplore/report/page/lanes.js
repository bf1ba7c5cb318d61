// The swim lanes: only what is in view is drawn, however long the run is.
const ROW = 46;
const THIN = 24;
const DRAWN_MAX = 2000; // events in the lanes at once
const ZOOMS = [3, 5, 8, 12, 18, 26, 36, 52, 72, 96];
const view = {
  event: FIRST, from: FIRST, to: END, cell: 36, hidden: new Set(), unfold: false, byTime: false, arrows: true,
};
let rows = [];
let rowByLane = [];
let xs = [];
// sizes are read here and nowhere else: reading one after a change makes the browser lay out anew
const room = { width: 0, height: 0, side: 0, canvas: 0 };
let painted = null; // the part of the lanes that is drawn, in pixels; null: none of it is right any more
function measure() {
  const box = byId('lanes');
  Object.assign(room, { width: box.clientWidth, height: box.clientHeight, side: byId('names').offsetWidth });
}

/** Set which lanes have a row of their own; the rest share one. */
function layRows() {
  rows = [];
  let y = 0;
  const add = (row) => {
    rows.push({ ...row, y });
    y += row.height;
  };
  const folded = lanes.filter((lane) => !lane.involved && !view.unfold);
  for (const lane of lanes) {
    if (!lane.involved && !view.unfold) continue;
    const off = view.hidden.has(lane.index);
    add({ lane, lanes: [lane], height: off ? THIN : ROW, off });
  }
  if (folded.length) add({ lane: null, lanes: folded, height: THIN, off: true });
  rowByLane = [];
  for (const row of rows) for (const lane of row.lanes) rowByLane[lane.index] = row;
  return y;
}
const rowOf = (index) => rowByLane[index];

/** Set the x of each drawn event; by time, a step keeps its width and waiting adds to it. */
function layColumns() {
  view.from = COUNT <= DRAWN_MAX ? FIRST
    : Math.min(Math.max(FIRST, view.event - DRAWN_MAX / 2), END - DRAWN_MAX);
  view.to = Math.min(END, view.from + DRAWN_MAX);
  const begin = steps.time[view.from - FIRST];
  const whole = steps.time[view.to - 1 - FIRST] - begin || 1;
  xs = [];
  let x = 10;
  for (let event = view.from; event < view.to; event += 1) {
    const before = event > view.from ? steps.time[event - 1 - FIRST] : begin;
    if (view.byTime) x += ((steps.time[event - FIRST] - before) / whole) * 1400;
    xs.push(x);
    x += view.cell;
  }
  return Math.max(x + 60, room.width - room.side);
}
const xOf = (event) => xs[event - view.from];
const eventAt = (x) => view.from + Math.max(0, Math.min(xs.length - 1, locate(xs, x)));

function layOut() {
  measure();
  painted = null;
  const height = layRows();
  const width = layColumns();
  room.canvas = width;
  for (const id of ['canvas', 'axis']) {
    const box = id === 'axis' ? byId('axis').parentNode : byId(id);
    box.style.width = `${width}px`;
    if (id === 'canvas') box.style.height = `${height}px`;
  }
  const note = byId('window');
  note.hidden = COUNT <= DRAWN_MAX && FIRST === 0;
  note.textContent = `This run has ${END.toLocaleString('en')} events. The lanes show ${view.from.toLocaleString('en')} to ${(view.to - 1).toLocaleString('en')}; they follow the slider.${FIRST ? ` The events before ${FIRST.toLocaleString('en')} are not in this page.` : ''} Happens-before arrows are known from ${data.window[0].toLocaleString('en')} on.`;
  drawNames();
  room.height = byId('lanes').clientHeight;
}

function drawNames() {
  const acting = column('lane', view.event);
  byId('names').replaceChildren(...rows.map((row) => {
    if (!row.lane) {
      const events = row.lanes.reduce((sum, lane) => sum + lane.events.length, 0);
      const label = `${row.lanes.length} other task${row.lanes.length > 1 ? 's' : ''}, ${events} events`;
      const button = make('button', { type: 'button', class: 'name fold', title: 'Show all tasks', click: () => toggleFold(true) }, make('span', { 'aria-hidden': 'true' }, '▸'), make('span', {}, label));
      button.style.height = `${row.height}px`;
      return button;
    }
    const { lane } = row;
    const classes = `name${row.off ? ' off' : ''}${lane.index === acting ? ' acting' : ''}`;
    const button = make('button', {
      type: 'button', class: classes, title: lane.path, 'aria-pressed': String(!row.off), 'data-lane': lane.index,
      'aria-keyshortcuts': lane.index < 9 ? String(lane.index + 1) : null, click: () => toggleLane(lane.index),
    }, badge(lane.index), make('span', {}, lane.name));
    button.style.height = `${row.height}px`;
    button.style.paddingLeft = `${8 + Math.min(lane.depth, 6) * 10}px`;
    return button;
  }));
}

/** Draw what is in view; `part` is the svg of the lanes or of the axis. */
function place_svg(svg, left, width, height) {
  svg.setAttribute('width', width);
  svg.setAttribute('height', height);
  svg.setAttribute('viewBox', `${left} 0 ${width} ${height}`);
  svg.style.left = `${left}px`;
}
function drawLanes() {
  const { scrollLeft, scrollTop } = byId('lanes');
  const left = Math.max(0, scrollLeft - 200);
  const width = Math.min(room.width + 400, room.canvas - left);
  const last = rows[rows.length - 1];
  const height = last ? last.y + last.height : ROW;
  const from = eventAt(left);
  const to = Math.min(view.to - 1, eventAt(left + width) + 1);
  const top = scrollTop - 200;
  const bottom = scrollTop + room.height + 200;
  const shown = rows.filter((row) => row.y + row.height > top && row.y < bottom);
  place_svg(byId('graph'), left, width, height);
  place_svg(byId('axis'), left, width, 26);
  const parts = [...cursor(height)];
  for (const row of shown) parts.push(draw('line', { class: 'rule', x1: left, x2: left + width, y1: row.y + row.height - 0.5, y2: row.y + row.height - 0.5 }));
  const stars = deviations.filter((d) => d.event >= from && d.event <= to);
  parts.push(...stars.filter((d) => !d.draw).map((d) => draw('line', { class: 'devline', x1: xOf(d.event) - 3, x2: xOf(d.event) - 3, y1: 0, y2: height }, draw('title', {}, `deviation ${d.number}: ${d.why}`))));
  for (const row of shown) for (const lane of row.lanes) parts.push(...idle(lane, row, from, to));
  if (view.arrows) parts.push(...arrows(from, to));
  const inView = new Set(shown);
  for (let event = from; event <= to; event += 1) parts.push(...cell(event, inView));
  parts.push(...races(from, to));
  byId('graph').replaceChildren(...parts);
  byId('axis').replaceChildren(...axis(from, to, stars));
  painted = { left, right: left + width, top, bottom };
}
/** Draw the lanes anew only if what is in view now was not drawn; else put the cursor in place. */
function showLanes() {
  const { scrollLeft, scrollTop } = byId('lanes');
  const right = Math.min(scrollLeft + room.width, room.canvas);
  const there = painted && painted.left <= scrollLeft && painted.right >= right && painted.top <= scrollTop && painted.bottom >= scrollTop + room.height;
  if (there) moveCursor();
  else drawLanes();
}
function moveCursor() {
  const graph = byId('graph');
  const [bar, line] = cursor(graph.height.baseVal.value);
  graph.querySelector('.cursor').replaceWith(bar);
  graph.querySelector('.cursor-line').replaceWith(line);
  graph.querySelector('.cell.now')?.classList.remove('now');
  graph.querySelector(`[data-event="${view.event}"] .cell`)?.classList.add('now');
}

function cursor(height) {
  const x = xOf(view.event);
  const centre = x + cellWidth() / 2;
  return [draw('rect', { class: 'cursor', x: x - 2, y: 0, width: cellWidth() + 4, height }), draw('line', { class: 'cursor-line', x1: centre, x2: centre, y1: 0, y2: height })];
}
const cellWidth = () => Math.max(2, view.cell - (view.cell > 8 ? 8 : 1));
const middle = (event) => {
  const row = rowOf(column('lane', event));
  return row ? row.y + row.height / 2 : 0;
};

function idle(lane, row, from, to) {
  if (row.off && !row.lane) return [];
  const y = row.y + row.height / 2;
  const parts = [];
  const begin = Math.max(0, locate(lane.events, from));
  for (let i = begin; i < lane.events.length && lane.events[i] <= to; i += 1) {
    const event = lane.events[i];
    const next = i + 1 < lane.events.length ? Math.min(lane.events[i + 1], view.to - 1) : -1;
    const open = next < 0 && lane.waits;
    if ((next < 0 && !open) || (next >= 0 && next <= event + 1) || event < view.from) continue;
    const kind = stopOf(event) === 'preempted' ? 'ready' : 'waits';
    const x2 = open ? xOf(view.to - 1) + cellWidth() + 24 : xOf(next);
    parts.push(draw('line', { class: `idle ${kind}`, x1: xOf(event) + cellWidth(), x2, y1: y, y2: y }));
  }
  return parts;
}

function cell(event, shown) {
  const index = column('lane', event);
  const row = rowOf(index);
  if (!shown.has(row)) return [];
  const height = row.off ? 8 : 22;
  const x = xOf(event);
  const y = row.y + (row.height - height) / 2;
  const width = cellWidth();
  const group = draw('g', { 'data-event': event }, draw('title', {}, sentence(event)));
  group.append(draw('rect', { class: `cell${event === view.event ? ' now' : ''}`, x, y, width, height, rx: Math.min(6, width / 3), paint: index }));
  const parts = [group];
  const shared = (touches.get(event) || []).filter((touch) => touch.shared);
  const letters = `${shared.some((touch) => !touch.write) ? 'R' : ''}${shared.some((touch) => touch.write) ? 'W' : ''}`;
  if (letters && width >= 10 + 7 * (letters.length - 1) && !row.off) {
    group.append(draw('text', { class: 'cell-text', x: x + width / 2, y: y + 15, 'text-anchor': 'middle' }, letters));
  }
  const stop = stopOf(event);
  const broken = data.kind === 'invariant' && event === END - 1;
  if (!row.off && (stop === 'fails' || broken)) parts.push(draw('text', { class: 'end-bad', x: x + width + 4, y: y + 16 }, '✕'));
  else if (!row.off && (stop === 'ends' || stop === 'cancelled') && view.cell > 10) parts.push(draw('text', { class: 'end-ok', x: x + width + 1, y: y + 15 }, stop === 'ends' ? '▪' : '⊘'));
  return parts;
}

function arrows(from, to) {
  const parts = [];
  for (const [kind, source, target, label] of data.arrows) {
    if (source < view.from || target >= view.to || target < from || source > to || kind === 'time') continue;
    const ends = [source, target].map((event) => rowOf(column('lane', event)));
    if (ends.some((row) => row.off) || ends[0] === ends[1]) continue;
    const style = kind === 'conflict' ? 'conf' : 'wake';
    const path = draw('path', { class: style, d: curve(source, target) });
    if (label) path.append(draw('title', {}, label));
    parts.push(path, arrowHead(target, style));
  }
  return parts;
}
function curve(source, target) {
  const [x1, x2] = [xOf(source) + cellWidth(), xOf(target) - 3];
  const [y1, y2] = [middle(source), middle(target)];
  const bend = Math.min(60, Math.max(12, (x2 - x1) / 2));
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
function arrowHead(target, style) {
  const [x, y] = [xOf(target) - 1, middle(target)];
  return draw('path', { class: `head-${style}`, d: `M${x} ${y}l-6 -3.5v7z` });
}

function raceText(event, words) {
  return draw('text', { class: 'race-text', x: xOf(event) + cellWidth() / 2, y: middle(event) + 21, 'text-anchor': 'middle' }, words);
}
function races(from, to) {
  const ends = race ? [...new Set(race.parts.map((part) => part.event))] : [];
  if (!ends.length || ends[0] < view.from || ends[ends.length - 1] >= view.to || ends[ends.length - 1] < from || ends[0] > to) return [];
  if (ends.some((event) => rowOf(column('lane', event)).off)) return [];
  const parts = ends.slice(1).flatMap((event, i) => [draw('path', { class: 'race', d: curve(ends[i], event) }), arrowHead(event, 'race')]);
  if (view.cell >= 14) parts.push(...ends.map((event) => raceText(event, raceWords(event))));
  return parts;
}
/** Return what an event has to do with the race, each word once. */
function raceWords(event) {
  return [...new Set(partsAt(event).map((part) => part.words))].join(', ');
}

function axis(from, to, stars) {
  const parts = [];
  const every = [1, 2, 5, 10, 20, 50, 100, 200].find((n) => n * view.cell >= (view.byTime ? 70 : 34)) || 500;
  const taken = new Set(stars.filter((d) => !d.draw).map((d) => d.event));
  let right = -Infinity;
  for (let event = from; event <= to; event += 1) {
    const x = xOf(event) + cellWidth() / 2;
    const label = view.byTime ? seconds(steps.time[event - FIRST]) : String(event);
    if ((taken.has(event) && view.cell < 50) || (view.byTime ? x < right : event % every)) continue;
    right = x + label.length * 7 + 10;
    parts.push(draw('text', { class: 'tick', x, y: 17, 'text-anchor': 'middle' }, label));
  }
  for (const d of stars) {
    parts.push(draw('text', { class: 'star', x: xOf(d.event) - 3, y: 17, 'text-anchor': d.draw ? 'end' : 'middle' }, `★${d.number}`, draw('title', {}, d.why)));
  }
  return parts;
}

function drawMinimap() {
  const svg = byId('minimap');
  svg.setAttribute('viewBox', '0 0 1000 8');
  svg.setAttribute('preserveAspectRatio', 'none');
  const at = (event) => (COUNT > 1 ? ((event - FIRST) / (COUNT - 1)) * 1000 : 0);
  const bar = (event, style) => {
    const rect = draw('rect', { x: at(event) - 1.5, y: 0, width: 3, height: 8 });
    rect.style.fill = `var(--${style})`;
    return rect;
  };
  // one bar for all that would fall on the same spot
  const apart = (events) => [...new Map(events.map((event) => [Math.round(at(event) / 3), event])).values()];
  svg.replaceChildren(...apart(deviations.map((d) => d.event)).map((event) => bar(event, 'dev')),
    ...apart(race ? race.parts.map((part) => part.event) : []).map((event) => bar(event, 'bad')));
}
