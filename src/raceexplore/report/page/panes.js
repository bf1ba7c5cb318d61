// The panes below the lanes: source, shared values, local variables and stacks after an event.
let shownFile = -1;
let sourceRows = new Map(); // of the shown file: line -> its row and how far down that is

/** Return the site that the source pane shows of `event`. */
function focusOf(event) {
  const stands = standsAt(event);
  const last = (touches.get(event) || []).filter((touch) => touch.shared && place(touch.site).line).pop();
  // a task that ended stands nowhere; one that waits in a helper's file has done the deed elsewhere
  const elsewhere = last && (stands < 0 || place(last.site).file !== place(stands).file);
  return elsewhere ? last.site : stands >= 0 ? stands : column('begin', event);
}

function drawSource(event) {
  const begin = column('begin', event);
  const box = byId('source');
  const { file, line } = place(focusOf(event));
  if (file !== shownFile) {
    fillSource(file);
    revealSource(event);
  }
  for (const row of box.querySelectorAll('.here, .from')) row.classList.remove('here', 'from');
  for (const slot of box.querySelectorAll('.who > .id, .acc')) slot.remove();
  const row = rowAt(file, line);
  if (place(begin).file === file) rowAt(file, place(begin).line)?.classList.add('from');
  row?.classList.add('here');
  for (const other of lanes) {
    const state = laneState(other, event);
    const inFile = state.alive ? chainOf(state.since).filter((frame) => frame.own && place(frame.site).file === file).pop() : null;
    if (!inFile) continue;
    const slot = rowAt(file, place(inFile.site).line)?.querySelector('.who');
    if (slot && slot.childElementCount < 3) slot.append(Object.assign(badge(other.index), { title: `${other.name} ${state.word}` }));
  }
  for (const touch of (touches.get(event) || [])) {
    const at = place(touch.site);
    const target = at.file === file ? rowAt(file, at.line) : null;
    if (target && target.querySelectorAll('.acc').length < 4) target.append(make('span', { class: 'acc' }, touchWords(touch)));
  }
}
/** Scroll to the row of `event`, if its file is shown. */
function revealSource(event) {
  const { file, line } = place(focusOf(event));
  const box = byId('source');
  const { top } = sourceRows.get(line) || {};
  if (file !== shownFile || top === undefined) return;
  const { scrollTop, clientHeight } = box;
  if (top < scrollTop + 30 || top > scrollTop + clientHeight - 50) box.scrollTop = top - clientHeight / 2;
}
const rowAt = (file, line) => (file === shownFile ? sourceRows.get(line)?.row : undefined);
const touchWords = (touch) => (touch.write
  ? `W ${touch.label_text} ${touch.before ? `${touch.before} → ` : ''}${touch.after}`
  : `R ${touch.label_text}${touch.before ? ` = ${touch.before}` : ''}`);

function fillSource(file) {
  shownFile = file;
  const { name, lines } = data.files[file];
  byId('file').textContent = name;
  let last = 0;
  const made = [];
  for (const [number, content, pieces] of lines) {
    if (last && number > last + 1) made.push(make('div', { class: 'row gap' }, `… ${number - last - 1} lines`));
    last = number;
    made.push(make('div', { class: 'row', 'data-line': `${file}-${number}` },
      make('span', { class: 'num' }, String(number)), make('span', { class: 'who' }), make('span', {}, ...coloured(content, pieces))));
  }
  if (!made.length) made.push(make('div', { class: 'row gap' }, 'The source of this file is not at hand.'));
  byId('source').replaceChildren(...made);
  sourceRows = new Map();
  for (const row of made.filter((each) => each.dataset.line)) sourceRows.set(Number(row.dataset.line.split('-')[1]), { row, top: row.offsetTop });
}
function coloured(content, pieces) {
  const parts = [];
  let at = 0;
  for (const [begin, end, kind] of pieces) {
    parts.push(content.slice(at, begin), make('span', { class: kind }, content.slice(begin, end)));
    at = end;
  }
  return [...parts, content.slice(at)].filter((part) => part !== '');
}

// what the program has named by World.state: the changes of each name, in the order of the events
const domain = new Map();
for (const [event, name, value] of data.domain) {
  if (!domain.has(name)) domain.set(name, { name: text(name), events: [], values: [] });
  domain.get(name).events.push(event);
  domain.get(name).values.push(text(value));
}
function drawDomain(event) {
  for (const id of ['h-domain', 'domain']) byId(id).hidden = !domain.size;
  const shown = [...domain.values()].map((state) => {
    const index = locate(state.events, event);
    const changed = index > 0 && state.events[index] === event;
    const value = make('td', { class: 'v' });
    if (changed) value.append(make('span', { class: 'old' }, state.values[index - 1]), ' → ');
    value.append(index < 0 ? '' : state.values[index]);
    return make('tr', { class: changed ? 'changed' : null }, make('td', { class: 'name-cell variable' }, state.name), value);
  });
  byId('domain').replaceChildren(make('table', {}, make('tbody', {}, ...shown)));
}

const VALUES_MAX = 60;
function drawValues(event) {
  const all = byId('all-values').checked;
  const chosen = [...locations.values()].filter((location) => all || location.shared);
  const known = chosen.map((location) => [location, valueAt(location, event)]);
  known.sort((a, b) => Number(Boolean(b[1]?.now)) - Number(Boolean(a[1]?.now)));
  const crowd = known.length > VALUES_MAX;
  const shown = crowd ? known.slice(0, VALUES_MAX) : chosen.map((location) => [location, valueAt(location, event)]);
  if (!chosen.length) {
    byId('values').replaceChildren(make('p', { class: 'empty' }, 'No location is shared by two tasks and written.'));
    return;
  }
  const head = make('tr', {}, ...['location', 'value', 'last touched'].map((name) => make('th', { scope: 'col' }, name)));
  const body = shown.map(([location, state]) => valueRow(location, state, event));
  const table = make('table', {}, make('thead', {}, head), make('tbody', {}, ...body));
  const more = crowd ? [make('p', { class: 'empty' }, `… ${known.length - VALUES_MAX} more locations`)] : [];
  byId('values').replaceChildren(table, ...more);
}
function valueRow(location, state, event) {
  const changed = Boolean(state?.now?.write);
  const cells = [make('td', { class: 'name-cell' }, location.label)];
  const value = make('td', { class: 'v' });
  if (!state) value.append(make('span', { class: 'empty' }, 'not touched yet'));
  else {
    if (state.now) value.append(make('span', { class: 'tag soft' }, state.now.write ? 'W' : 'R'), ' ');
    if (changed && state.touch.before && state.touch.before !== state.value) value.append(make('span', { class: 'old' }, state.touch.before), ' → ');
    value.append(state.value || make('span', { class: 'empty' }, 'not recorded'));
    for (const part of partsAt(event).filter((each) => each.label === location.label)) value.append(' ', make('span', { class: 'tag bad' }, part.words));
  }
  cells.push(value, make('td', {}, ...jumps(location, state, event)));
  return make('tr', { class: changed ? 'changed' : null }, ...cells);
}
function jumps(location, state, event) {
  const parts = [];
  const link = (target, words) => make('button', { type: 'button', class: 'link', title: words, click: () => go(target) }, `${words} ${target}`);
  if (state) parts.push(`${state.touch.write ? 'W' : 'R'} ${lanes[column('lane', state.touch.event)].name} `, state.touch.event === event ? 'now' : link(state.touch.event, 'at'));
  const next = location.writes[locate(location.writes, event) + 1];
  if (next !== undefined) parts.push(make('br'), link(next, 'next write at'));
  return parts;
}

function drawLocals(event) {
  const lane = lanes[column('lane', event)];
  const at = locate(lane.events, event);
  const before = at > 0 ? lane.events[at - 1] : -1;
  const now = chainOf(event).filter((frame) => frame.own);
  const ended = !now.length;
  const frames = ended ? chainOf(before).filter((frame) => frame.own) : now;
  const was = new Map(before < 0 ? [] : chainOf(before).flatMap((frame) => frame.variables.map(([name, value]) => [`${place(frame.site).name} ${name}`, value])));
  byId('locals-of').textContent = `${lane.name}${ended ? (before < 0 ? ', which has ended' : `, as it stood at event ${before}`) : ''}`;
  const rowsMade = [];
  for (const frame of [...frames].reverse()) {
    const { name } = place(frame.site);
    rowsMade.push(make('tr', {}, make('th', { scope: 'rowgroup', colspan: 2 }, `${name}  ${spell(frame.site)}`)));
    if (!frame.variables.length) rowsMade.push(make('tr', {}, make('td', { colspan: 2, class: 'empty' }, 'none')));
    for (const [variable, value] of frame.variables) {
      const old = was.get(`${name} ${variable}`);
      const changed = !ended && before >= 0 && old !== value;
      const shownOld = changed && old !== undefined ? [make('span', { class: 'old' }, old), ' → '] : [];
      rowsMade.push(make('tr', { class: changed ? 'changed' : null }, make('td', { class: 'name-cell variable' }, variable), make('td', { class: 'v' }, ...shownOld, value)));
    }
  }
  byId('locals').replaceChildren(rowsMade.length ? make('table', {}, make('tbody', {}, ...rowsMade)) : make('p', { class: 'empty' }, 'This task has no variables.'));
}

const STACKS_MAX = 40;
function drawStacks(event) {
  const acting = column('lane', event);
  const library = byId('all-frames').checked;
  const shown = lanes.filter((lane) => rowOf(lane.index)?.lane && !view.hidden.has(lane.index));
  if (!shown.includes(lanes[acting])) shown.push(lanes[acting]);
  const near = shown.length > STACKS_MAX ? shown.filter((lane) => lane.index === acting || laneState(lane, event).alive).slice(0, STACKS_MAX) : shown;
  const boxes = near.map((lane) => {
    const state = laneState(lane, event);
    const chain = state.since < 0 ? [] : chainOf(state.since);
    const frames = chain.filter((frame) => library || frame.own);
    const call = state.since >= 0 ? place(column('end', state.since)).call : '';
    const items = frames.map((frame) => make('li', { class: frame.own ? null : 'lib' }, place(frame.site).name, ' ', make('span', { class: 'at' }, spell(frame.site))));
    if (state.alive && call && !library) items.push(make('li', { class: 'lib' }, `↳ ${call}`));
    const acts = lane.index === acting;
    return make('div', { class: acts ? 'acting' : null, 'data-stack': lane.index },
      make('div', { class: 'head' }, badge(lane.index), make('span', { title: lane.path }, lane.name), make('span', { class: 'state' }, state.word)),
      ...(items.length ? [make('ol', {}, ...items)] : []));
  });
  if (near.length < shown.length) boxes.push(make('p', { class: 'empty' }, `… ${shown.length - near.length} more tasks`));
  byId('stacks').replaceChildren(...boxes);
}
