// The run, decoded: what is true after each event. Nothing here draws.
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId('data').textContent);
// the page is made in turns, so that none is a long pause: first what failed, then how
const turn = () => new Promise((done) => { setTimeout(done); });
theme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
drawHead();
await turn();

const steps = data.steps;
const FIRST = data.first;
const COUNT = steps.lane.length;
const END = FIRST + COUNT;
const text = (index) => data.texts[index];
const column = (name, event) => steps[name][event - FIRST];
const stopOf = (event) => text(column('stop', event));
const place = (site) => {
  const [file, line, name, call] = data.sites[site];
  return { file, line, name, call, path: data.files[file].name };
};
const short = (path) => path.slice(path.lastIndexOf('/') + 1);
const spell = (site) => {
  const at = place(site);
  return at.path ? `${short(at.path)}:${at.line}` : '';
};

const lanes = data.lanes.map(([path, name, depth, first, last, involved, waits], index) => ({
  index, path, name, depth, first, last, involved: Boolean(involved), waits, events: [], wakes: [],
}));
for (let event = FIRST; event < END; event += 1) lanes[column('lane', event)].events.push(event);
for (const [event, woken] of Object.entries(steps.woken)) {
  for (const lane of woken) lanes[lane].wakes.push(Number(event));
}
for (const lane of lanes) lane.wakes.sort((a, b) => a - b);

// what a deviation is for: which order of accesses it turns round
const aims = data.why ? data.why.deviations.map((each) => `; ${each.text}`) : [];
const switches = data.switches.map(([step, source, target, deviation, preempted, why]) => ({
  step, source, target, deviation, preempted: Boolean(preempted), why: why + (aims[deviation] ?? ''),
}));
const switchAt = new Map(switches.map((change) => [change.step, change]));
const drawn = Object.entries(steps.draws)
  .flatMap(([event, all]) => all.map((draw) => ({ event: Number(event), draw })))
  .filter(({ draw }) => draw[2] >= 0);
// where the schedule deviates: before an event (a switch) or within it (a draw)
const deviations = [
  ...switches.filter((change) => change.deviation >= 0)
    .map((change) => ({ event: change.step, number: change.deviation + 1, why: change.why })),
  ...drawn.map(({ event, draw }) => ({
    event, number: draw[2] + 1, why: `${draw[0]} = ${draw[1]}${aims[draw[2]] ?? ''}`, draw: true,
  })),
].sort((a, b) => a.event - b.event);

await turn();

const touches = new Map();
const locations = new Map();
for (const [event, label, flags, before, after, site] of steps.touches) {
  const touch = { event, label, write: Boolean(flags & 1), before: text(before), after: text(after), site };
  if (!touches.has(event)) touches.set(event, []);
  touches.get(event).push(touch);
  if (!locations.has(label)) locations.set(label, { label: text(label), shared: false, events: [], touches: [], writes: [] });
  const location = locations.get(label);
  location.shared = location.shared || Boolean(flags & 2);
  touch.shared = Boolean(flags & 2);
  location.events.push(event);
  location.touches.push(touch);
  if (touch.write) location.writes.push(event);
}
// what the failure comes from: {kind, parts: [{event, words, label}]}
const race = data.race && { kind: data.race.kind, parts: data.race.parts.map(([event, words, label]) => ({ event, words, label })) };
const partsAt = (event) => (race ? race.parts.filter((part) => part.event === event) : []);

/** Return the index of the last entry of the sorted `list` that is at most `value`, or -1. */
function locate(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Return what `lane` is doing after `event`: its last own event (or -1), and a word for it. */
function laneState(lane, event) {
  const own = locate(lane.events, event);
  const since = own < 0 ? -1 : lane.events[own];
  if (since < 0) {
    const spawned = lane.path === 'main' || locate(lane.wakes, event) >= 0;
    return { since, word: spawned ? 'ready to start' : 'not there yet', alive: false };
  }
  const stop = stopOf(since);
  if (stop === 'fails') return { since, word: `failed: ${steps.error[since] || ''}`, alive: false };
  if (stop === 'ends') return { since, word: 'has ended', alive: false };
  if (stop === 'cancelled') return { since, word: 'was cancelled', alive: false };
  if (since === event) return { since, word: stop === 'waits' ? 'ran, now waits' : 'ran, can go on', alive: true };
  if (stop === 'preempted') return { since, word: 'ready, passed over', alive: true };
  const woken = locate(lane.wakes, event);
  if (woken >= 0 && lane.wakes[woken] >= since) return { since, word: 'ready', alive: true };
  return { since, word: since === lane.last && lane.waits ? lane.waits : 'waits', alive: true };
}

/** Return the frames of `lane` after its event `since`, outermost first. */
function chainOf(since) {
  if (since < 0) return [];
  return data.chains[column('chain', since)].map((frame) => {
    const [site, own, pairs] = data.frames[frame];
    const variables = [];
    for (let i = 0; i < pairs.length; i += 2) variables.push([text(pairs[i]), text(pairs[i + 1])]);
    return { site, own: Boolean(own), variables };
  });
}

/** Return the site where `lane` stands in the program's own code after its event `since`. */
function standsAt(since) {
  const own = chainOf(since).filter((frame) => frame.own);
  return own.length ? own[own.length - 1].site : -1;
}

/** Return what is known of `location` after `event`: its value, and the touches of that event. */
function valueAt(location, event) {
  const index = locate(location.events, event);
  if (index < 0) return null;
  const touch = location.touches[index];
  const value = touch.write ? touch.after : touch.before;
  return { value, touch, now: touch.event === event ? touch : null };
}

/** Say what `event` did, in one sentence. */
function sentence(event) {
  const lane = lanes[column('lane', event)];
  const parts = [`Event ${event}: ${lane.name} runs from ${spell(column('begin', event)) || 'its start'}`];
  const end = column('end', event);
  const stop = stopOf(event);
  const call = place(end).call;
  if (stop === 'ends') parts.push('to its end');
  else if (stop === 'fails') parts.push(`and fails with ${steps.error[event]}`);
  else if (stop === 'cancelled') parts.push('and is cancelled');
  else parts.push(`to ${spell(end) || 'an await'}${call ? ` (${call})` : ''}`);
  const told = (touches.get(event) || []).filter((touch) => touch.shared).map((touch) => (touch.write
    ? `writes ${touch.label_text} ${touch.before && touch.after ? `${touch.before} → ${touch.after}` : touch.after}`
    : `reads ${touch.label_text}${touch.before ? ` = ${touch.before}` : ''}`).trim());
  const time = steps.time[event - FIRST];
  return `${parts.join(' ')}${told.length ? `; ${told.join(', ')}` : ''}${time ? `; at ${seconds(time)}` : ''}.`;
}
for (const all of touches.values()) for (const touch of all) touch.label_text = text(touch.label);

function seconds(value) {
  if (value === 0) return '0 s';
  const [scale, unit] = value < 1e-3 ? [1e6, 'µs'] : value < 1 ? [1e3, 'ms'] : [1, 's'];
  return `${Number((value * scale).toPrecision(4))} ${unit}`;
}

/** Make an element: `make('td', {class: 'v'}, 'text', child)`. Texts become text, never markup. */
function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}
function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}
function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'lane') element.style.setProperty('--lane', `var(--l${value % 8})`);
    else if (key === 'paint') element.style.fill = `var(--l${value % 8})`;
    else if (key === 'click') element.addEventListener('click', value);
    else if (value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}
const badge = (lane) => make('span', { class: 'id', lane, 'aria-hidden': 'true' }, String(lane + 1));
await turn();
