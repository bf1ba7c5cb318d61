// The tabs Compare, Table and Data: filled when they are first opened.
const opened = new Set();
function openTab(name) {
  for (const tab of document.querySelectorAll('[role=tab]')) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute('aria-selected', String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(tab.getAttribute('aria-controls')).hidden = !chosen;
  }
  const fillers = { compare: fillCompare, table: fillTable, data: fillData };
  if (fillers[name] && !opened.has(name)) fillers[name](byId(`panel-${name}`));
  opened.add(name);
  if (name === 'timeline') drawAll();
}

function fillCompare(panel) {
  const own = {
    title: 'This schedule', outcome: data.outcome, message: data.kind ? `${data.kind}: ${data.message}` : data.message,
    deviations: data.deviations, lanes: lanes.map((lane) => [lane.path, lane.name]), lane: steps.lane, nth: steps.nth,
    switches: switches.map((s) => [s.step, s.source, s.target, s.deviation, s.why]), first: FIRST,
  };
  const sides = [own, ...data.others].map((side) => ({ first: 0, ...side }));
  const intro = sides.length > 1
    ? make('p', { class: 'empty' }, 'The same program on other schedules. The first event that differs from this one is marked ≠.')
    : make('p', { class: 'empty' }, 'There is no other schedule to compare with: this one has no deviation.');
  panel.replaceChildren(intro, make('div', { class: 'sides' }, ...sides.map((side) => compareCard(side, own))));
}
const told = (side, i) => `${side.lanes[side.lane[i]][0]} ${side.nth[i]}`;
function difference(side, own) {
  if (side === own || FIRST) return -1;
  const length = Math.min(side.lane.length, own.lane.length);
  for (let i = 0; i < length; i += 1) if (told(side, i) !== told(own, i)) return i;
  return side.lane.length === own.lane.length ? -1 : length;
}
const MOVES_MAX = 200;
const BARS_MAX = 60; // more would hide the lanes
function compareCard(side, own) {
  const differs = side.title === 'This schedule' ? -1 : difference(side, own);
  const badgeText = { failed: '✕ failed', passed: '✓ passed', cut: '… cut' }[side.outcome];
  const moves = side.switches.slice(0, MOVES_MAX).map(([step, , target, deviation, why]) => make('li', { class: `${deviation >= 0 ? 'dev' : ''}` },
    make('b', {}, String(step)), deviation >= 0 ? '★ ' : '', why, target < 0 ? '' : ''));
  const count = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;
  return make('article', { class: 'card' },
    make('h2', {}, side.title, make('span', { class: `badge ${side.outcome} sub` }, badgeText)),
    make('p', { class: 'empty' }, `${count(side.lane.length, 'event')}, ${count(side.deviations.length, 'deviation')}. ${side.message}`),
    overview(side, differs),
    ...(differs >= 0 ? [make('p', {}, make('span', { class: 'tag dev' }, '≠'), differs < side.lane.length ? ` differs from event ${differs} on: here ${side.lanes[side.lane[differs]][1]} runs` : ` ends at event ${differs}`)] : []),
    ...(side.deviations.length ? [make('h2', {}, 'Deviations'), make('ul', { class: 'moves' }, ...side.deviations.slice(0, MOVES_MAX).map((line) => make('li', { class: 'dev' }, `★ ${line}`)))] : []),
    make('h2', {}, 'Switches'), make('ul', { class: 'moves' }, ...moves));
}
function overview(side, differs) {
  const height = side.lanes.length * 16;
  const wide = Math.max(side.lane.length, 30);
  const svg = draw('svg', { viewBox: `0 0 ${wide * 20} ${height}`, height: Math.min(height, 260), preserveAspectRatio: 'none', role: 'img', 'aria-label': `${side.title}: ${side.lane.length} events in ${side.lanes.length} lanes` });
  let begin = 0;
  for (let i = 1; i <= side.lane.length; i += 1) {
    if (i < side.lane.length && side.lane[i] === side.lane[begin]) continue;
    svg.append(draw('rect', { x: begin * 20 + 1, y: side.lane[begin] * 16 + 2, width: (i - begin) * 20 - 2, height: 12, paint: laneColour(side, side.lane[begin]) }, draw('title', {}, side.lanes[side.lane[begin]][1])));
    begin = i;
  }
  const bar = (index, style) => {
    const line = draw('line', { x1: index * 20, x2: index * 20, y1: 0, y2: height, 'stroke-width': 3, 'vector-effect': 'non-scaling-stroke' });
    line.style.stroke = `var(--${style})`;
    return line;
  };
  const stars = side.switches.filter((change) => change[3] >= 0);
  if (stars.length <= BARS_MAX) for (const [step] of stars) svg.append(bar(step - side.first, 'dev'));
  if (differs >= 0) svg.append(bar(differs, 'accent'));
  return svg;
}
function laneColour(side, index) {
  const same = lanes.findIndex((lane) => lane.path === side.lanes[index][0]);
  return same < 0 ? index : same;
}

const PAGE = 200;
function fillTable(panel) {
  const head = ['event', 'task', 'from', 'to', 'then', 'time', 'reads, writes and notes'];
  const body = make('tbody');
  const more = make('button', { type: 'button' });
  const status = make('p', { class: 'empty', role: 'status' });
  let next = FIRST;
  const add = () => {
    const stop = Math.min(END, next + PAGE);
    for (; next < stop; next += 1) body.append(tableRow(next));
    more.hidden = next >= END;
    more.textContent = `Show ${Math.min(PAGE, END - next)} more`;
    status.textContent = `${next - FIRST} of ${COUNT} events`;
  };
  more.addEventListener('click', add);
  add();
  const table = make('table', {}, make('caption', { class: 'empty' }, 'Every event of the run, as in the swim lanes. ★ marks a deviation of the schedule.'),
    make('thead', {}, make('tr', {}, ...head.map((name) => make('th', { scope: 'col' }, name)))), body);
  panel.replaceChildren(make('div', { class: 'card paged', tabindex: '0', role: 'region', 'aria-label': 'Events' }, table, status, more));
}
function tableRow(event) {
  const change = switchAt.get(event);
  const notes = (touches.get(event) || []).map(touchWords);
  for (const [label, value, deviation] of steps.draws[event] || []) notes.push(`${deviation >= 0 ? '★ ' : ''}draws ${label} = ${value}`);
  notes.push(...(steps.notes[event] || []));
  if (steps.cancelled[event]) notes.push(`is cancelled ${steps.cancelled[event]}`);
  if (steps.cancels[event]) notes.push(`cancels ${steps.cancels[event]}`);
  for (const part of partsAt(event)) notes.push(`${race.kind}: ${part.words}${part.label ? ` ${part.label}` : ''}`);
  const stop = stopOf(event);
  const jump = make('button', { type: 'button', class: 'link', click: () => { openTab('timeline'); go(event); } }, String(event));
  const cells = [jump, lanes[column('lane', event)].name, spell(column('begin', event)), spell(column('end', event)),
    stop === 'fails' ? `fails: ${steps.error[event]}` : stop, seconds(steps.time[event - FIRST])];
  const why = change ? [make('span', { class: `tag ${change.deviation >= 0 ? 'dev' : 'soft'}` }, change.deviation >= 0 ? `★${change.deviation + 1}` : 'switch'), ` ${change.why}. `] : [];
  return make('tr', {}, ...cells.map((value) => make('td', { class: 'mono' }, value)), make('td', {}, ...why, notes.join('; ')));
}

function fillData(panel) {
  const raw = byId('data').textContent;
  const save = make('button', { type: 'button', click: () => {
    const url = URL.createObjectURL(new Blob([raw], { type: 'application/json' }));
    make('a', { href: url, download: 'raceexplore.json' }).click();
    URL.revokeObjectURL(url);
  } }, 'Save as JSON');
  const { steps: s, frames, chains, texts, sites, files, arrows: a, others, ...rest } = data;
  panel.replaceChildren(make('div', { class: 'card' },
    make('p', {}, 'All that this page shows is JSON in the element with the id “data”, for scripts and agents. Below: its head, without the columns. '), save,
    make('pre', {}, JSON.stringify(rest, null, 1).slice(0, 60000))));
}
