// The page: the head, the keys, and what happens when another event is chosen.
function drawHead() {
  const words = { failed: '✕ FAILED', passed: '✓ PASSED', cut: '… INCONCLUSIVE' };
  byId('badge').className = `badge ${data.outcome}`;
  byId('badge').textContent = words[data.outcome];
  byId('headline').textContent = data.kind && data.message !== data.kind ? `${data.kind}: ${data.message}` : data.message || 'Nothing failed on this schedule';
  byId('program').textContent = data.program;
  byId('diagnosis').replaceChildren(...data.diagnosis.map((line) => make('li', {}, line)));
  const { facts } = data;
  const told = [[facts.events, 'events'], [facts.tasks, 'tasks'], [facts.deviations, facts.deviations === 1 ? 'deviation' : 'deviations'],
    [facts.preemptions, facts.preemptions === 1 ? 'preemption' : 'preemptions'], [seconds(facts.virtual_s), 'virtual time']];
  byId('facts').replaceChildren(...told.map(([value, word]) => make('li', {}, make('b', {}, value.toLocaleString('en')), ` ${word}`)));
  if (facts.skipped) byId('facts').append(make('li', {}, make('span', { class: 'tag dev' }, '!'), `${facts.skipped} deviations found no place`));
  byId('commands').replaceChildren(...data.commands.map(([name, line]) => make('li', {},
    make('button', { type: 'button', 'aria-label': `Copy the command: ${name}`, click: (event) => copy(line, event.currentTarget, name) }, name), make('code', { title: line }, line))));
  byId('foot').textContent = `${data.environment}. Seed ${data.seed}`;
}
async function copy(line, button, name) {
  try {
    await navigator.clipboard.writeText(line);
  } catch {
    const area = make('textarea', {}, line);
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  button.textContent = '✓ copied';
  setTimeout(() => { button.textContent = name; }, 1200);
}

let pending = 0;
/** Choose an event; it is drawn with the next frame, the last choice of a frame wins. */
function go(event) {
  view.event = Math.max(FIRST, Math.min(END - 1, event));
  if (!pending) pending = requestAnimationFrame(drawEvent);
}
function drawEvent() {
  pending = 0;
  if (!COUNT) return;
  const { event } = view;
  if (event < view.from || event >= view.to) layOut();
  // all that reads where things are comes first: after a change, the browser would lay out anew
  revealSource(event);
  reveal(event);
  drawTimeline();
  drawPanes();
}
function drawTimeline() {
  const { event } = view;
  showLanes();
  for (const button of byId('names').querySelectorAll('[data-lane]')) button.classList.toggle('acting', Number(button.dataset.lane) === column('lane', event));
  drawScrub(event);
}
function drawPanes() {
  const { event } = view;
  drawSource(event);
  drawDomain(event);
  drawValues(event);
  drawLocals(event);
  drawStacks(event);
}
function reveal(event) {
  const box = byId('lanes');
  const { scrollLeft, scrollTop } = box;
  const x = xOf(event);
  if (x < scrollLeft + 30 || x > scrollLeft + room.width - room.side - 60) box.scrollLeft = x - (room.width - room.side) / 2;
  const row = rowOf(column('lane', event));
  if (row && (row.y < scrollTop || row.y + row.height > scrollTop + room.height - 26)) box.scrollTop = row.y - room.height / 2;
}
function drawScrub(event) {
  const lane = lanes[column('lane', event)];
  const slider = byId('slider');
  slider.value = event;
  slider.setAttribute('aria-valuetext', `event ${event} of ${END - 1}, ${lane.name}`);
  byId('position').textContent = `${event} / ${END - 1}`;
  const change = switchAt.get(event);
  const parts = [];
  for (const d of deviations.filter((each) => each.event === event)) parts.push(make('span', { class: 'tag dev' }, `★${d.number} deviation`), ` ${d.why}. `);
  if (change && change.deviation < 0) parts.push(make('span', { class: 'tag soft' }, 'switch'), ` ${change.why}. `);
  byId('now').replaceChildren(...parts, sentence(event));
  for (const [id, off] of [['first', event === FIRST], ['back', event === FIRST], ['previous-switch', nextSwitch(-1) < 0], ['forward', event === END - 1], ['last', event === END - 1], ['next-switch', nextSwitch(1) < 0]]) byId(id).disabled = off;
}
function nextSwitch(direction) {
  const at = switchSteps;
  const index = direction > 0 ? locate(at, view.event) + 1 : locate(at, view.event - 1);
  return index >= 0 && index < at.length ? at[index] : -1;
}
const switchSteps = switches.map((change) => change.step);
function jump(target) {
  if (target >= 0) go(target);
}
const nextDeviation = () => {
  const later = deviations.find((d) => d.event > view.event);
  return later ? later.event : deviations.length ? deviations[0].event : -1;
};

function drawAll() {
  if (!COUNT) return;
  layOut();
  drawEvent();
}
function toggleLane(index) {
  if (!view.hidden.delete(index)) view.hidden.add(index);
  if (!lanes[index].involved) view.unfold = true;
  drawAll();
}
function toggleFold(open) {
  view.unfold = open;
  byId('unfold').checked = open;
  drawAll();
}
function zoom(by) {
  const at = ZOOMS.findIndex((size) => size >= view.cell);
  view.cell = ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + by))];
  drawAll();
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  byId('theme').textContent = { light: '☾ Dark', dark: '☀ Light' }[name];
  byId('theme').setAttribute('aria-label', `Switch to ${name === 'light' ? 'dark' : 'light'} colours`);
}
const toggleTheme = () => theme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');

const KEYS = {
  ArrowLeft: () => go(view.event - 1), ArrowRight: () => go(view.event + 1), Home: () => go(FIRST), End: () => go(END - 1),
  PageUp: () => go(view.event - 10), PageDown: () => go(view.event + 10),
  n: () => jump(nextSwitch(1)), p: () => jump(nextSwitch(-1)), d: () => jump(nextDeviation()),
  0: () => { view.hidden.clear(); drawAll(); }, '+': () => zoom(1), '=': () => zoom(1), '-': () => zoom(-1),
  t: toggleTheme, '?': () => byId('help').showModal(),
};
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId('help').open) return;
  if (event.target.closest('[role=tablist]') || event.target.matches('textarea')) return;
  const scrolls = event.target.closest('.code, .scroll, .paged, pre') && /^(Arrow|Home|End|Page)/.test(event.key);
  const lane = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
  const action = lane >= 0 ? lane < lanes.length && (() => toggleLane(lane)) : KEYS[event.key];
  if (!action || scrolls || byId('panel-timeline').hidden && !['t', '?'].includes(event.key)) return;
  event.preventDefault();
  action();
}

function listen() {
  document.addEventListener('keydown', onKey);
  const buttons = { first: () => go(FIRST), last: () => go(END - 1), back: () => go(view.event - 1), forward: () => go(view.event + 1),
    'previous-switch': () => jump(nextSwitch(-1)), 'next-switch': () => jump(nextSwitch(1)), 'zoom-in': () => zoom(1), 'zoom-out': () => zoom(-1),
    theme: toggleTheme, 'help-open': () => byId('help').showModal() };
  for (const [id, action] of Object.entries(buttons)) byId(id).addEventListener('click', action);
  byId('slider').addEventListener('input', () => go(Number(byId('slider').value)));
  byId('arrows').addEventListener('change', () => { view.arrows = byId('arrows').checked; drawLanes(); });
  byId('by-time').addEventListener('change', () => { view.byTime = byId('by-time').checked; drawAll(); });
  byId('unfold').addEventListener('change', () => toggleFold(byId('unfold').checked));
  byId('all-values').addEventListener('change', () => drawValues(view.event));
  byId('all-frames').addEventListener('change', () => drawStacks(view.event));
  let scrolled = 0;
  byId('lanes').addEventListener('scroll', () => { scrolled = scrolled || requestAnimationFrame(() => { scrolled = 0; showLanes(); }); });
  byId('graph').addEventListener('click', (event) => {
    const box = byId('graph').getBoundingClientRect();
    const hit = event.target.closest('[data-event]');
    go(hit ? Number(hit.dataset.event) : eventAt(event.clientX - box.left + parseFloat(byId('graph').style.left)));
  });
  addEventListener('resize', () => requestAnimationFrame(() => { if (COUNT) { measure(); drawLanes(); } }));
  const tabs = [...document.querySelectorAll('[role=tab]')];
  tabs.forEach((tab, i) => {
    tab.addEventListener('click', () => openTab(tab.id.slice(4)));
    tab.addEventListener('keydown', (event) => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      openTab(next.id.slice(4));
      next.focus();
    });
  });
}

async function start() {
  listen();
  if (!COUNT) {
    byId('now').textContent = 'This run was not recorded: there is nothing to step through.';
    return;
  }
  byId('slider').min = FIRST;
  byId('slider').max = END - 1;
  measure();
  const wide = room.width - room.side - 80;
  view.cell = ZOOMS.filter((size) => size <= Math.max(26, Math.min(96, wide / COUNT))).pop();
  byId('unfold').disabled = lanes.every((lane) => lane.involved);
  view.event = race ? race.parts[race.parts.length - 1].event : END - 1;
  layOut();
  reveal(view.event);
  drawTimeline();
  await turn();
  drawPanes();
  await turn();
  drawMinimap();
}
await start();
performance.mark('ready');
document.documentElement.dataset.ready = 'yes';
