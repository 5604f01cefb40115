// The filter: words that must all fit; `A >> B`: A, where B comes later.
function makeFilter(trace, text) {
  const clauses = text.split(">>").map((clause) => clause.trim().split(/\s+/).filter(Boolean).map(makeTest(trace)));
  const fits = clauses.map((tests) => trace.steps.map((_, index) => tests.every((test) => test(index))));
  // Backwards: from which step on the rest of the sequence is still to come.
  for (let clause = fits.length - 2; clause >= 0; clause--) {
    let later = false;
    for (let index = trace.steps.length - 1; index >= 0; index--) {
      const own = fits[clause][index];
      fits[clause][index] = own && later;
      later ||= fits[clause + 1][index];
    }
  }
  const rows = [];
  fits[0].forEach((fit, index) => fit && rows.push(index));
  return rows;
}

const makeTest = (trace) => (word) => {
  if (word.length > 1 && word[0] === "-") {
    const test = makeTest(trace)(word.slice(1));
    return (index) => !test(index);
  }
  const [, key, value] = /^(node|action|msg|changes|from|to):(.*)$/i.exec(word) ?? [null, "text", word];
  const wanted = value.toLowerCase();
  const has = (text) => text.toLowerCase().includes(wanted);
  const talk = (step) => [...step.sent, ...(step.delivered ? [step.delivered] : [])];
  switch (key.toLowerCase()) {
    case "node": {
      const isIt = (lane) => lane !== null && (trace.lanes[lane] ?? "").toLowerCase() === wanted;
      return (index) => isIt(trace.steps[index].lane) || talk(trace.steps[index]).some((message) => isIt(message.source) || isIt(message.dest));
    }
    case "action": return (index) => has(trace.steps[index].title.split("(")[0]);
    case "msg": return (index) => talk(trace.steps[index]).some((message) => has(message.kind));
    case "changes": return (index) => changedFields(trace, index).some(has);
    case "from": return (index) => index >= Number(value);
    case "to": return (index) => value === "" || index <= Number(value);
    default: return (index) => has(titleOf(trace, index)) || talk(trace.steps[index]).some((message) => has(message.kind + " " + message.text)) || Object.keys(trace.steps[index].violated).some(has);
  }
};
