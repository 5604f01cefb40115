// Texts of the page. What a trace contains is never translated.
const STRINGS = {
  en: {
    skip: "Skip to the steps", drop: "Drop a trace here (ITF, TLC JSON, plain or .gz), paste it, or open a file. Nothing leaves this page.",
    open: "Open…", paste: "Paste…", copy: "Copy link", copied: "The link is in the clipboard", exportAs: "Export…", help: "Help", theme: "Light / dark", language: "한국어",
    properties: "Properties at each step", steps: "Steps", state: "State", filter: "Filter: n1, action:Join, msg:Commit, changes:term, from:3, to:9", shown: "{0} of {1} steps",
    initial: "initial state", noAction: "(no action named)", loopStart: "loop starts", back: "↻ back to {0}", firstAt: "violated first at step {0}", holdsAll: "holds at every step", quiet: "{0} more hold at every step", reachedAt: "true first at step {0}", neverTrue: "not true in this trace", unknown: "not recorded",
    previous: "previous step", compare: "Compared with", pinBase: "Compare with this step", unpinBase: "Compare with previous", onlyChanged: "Only changed", variable: "Find a variable", pinHint: "Follow this field with n and p",
    receives: "receives", sends: "sends", from: "from", to: "to", never: "never delivered here", nodes: "Nodes", nothing: "Nothing changed.", more: "… {0} more", element: "1 element", elements: "{0} elements", play: "Play", stop: "Stop", leader: "leader", world: "system",
    message: "{0} from {1} to {2}: {3}; sent at step {4}, delivered at {5}", lost: "not delivered", again: "delivered again", restart: "restart", helpTitle: "Keyboard and filter", close: "Close", load: "Open", pasteTitle: "Paste a trace", model: "model", rules: "rules", sound: "the protocol", mutant: "mutant {0}", waive: "without {0}", foreign: "trace of another tool", length: "{0} steps", trace: "Trace", violated: "violated",
    eNotJson: "Not JSON: {0}", eTooLarge: "The file has {0} MB; this page opens up to {1} MB. Cut or shorten the trace first.", eNotItf: "Not an ITF trace: {0}", eEmpty: "The file is empty.", eMissing: "State {0} has no value for the variable “{1}”.", eLoop: "The loop goes back to state {0}, but the last state is {1}.", eVersion: "Written in version {0} of the trace format; this page reads version 1.", eMeta: "{0}: the metadata “{1}” is unreadable: {2}", eGzip: "The compressed file is damaged or cut off.", eRead: "The file cannot be read: {0}", eValue: "State {0}, variable “{1}”: {2}", tooLongForLink: "The trace is too large for a link; the link has the position only.",
    keys: [["← → k j", "previous, next step"], ["Home End", "first, last state"], ["PgUp PgDn", "ten steps"], ["v", "next violation"], ["n p", "next, previous change of the followed field"], ["b", "compare with this step, or with the previous again"], ["c", "only what changed"], ["m", "other end of the message"], ["space", "play; a lasso goes round"], ["/", "filter"], ["o", "open a file"], ["t", "light, dark"], ["?", "this help"]],
    words: [["n1", "any text of the step"], ["node:n1", "at, from or to that node"], ["action:Join", "name of the action"], ["msg:Commit", "message sent or delivered"], ["changes:term", "a changed field or variable"], ["from:3 to:9", "a range of steps"], ["-word", "not"], ["A >> B", "A, where B comes later"]],
  },
  ko: {
    skip: "단계 목록으로 건너뛰기", drop: "추적 파일(ITF, TLC JSON, 일반 또는 .gz)을 여기에 놓거나, 붙여 넣거나, 파일을 여세요. 데이터는 이 페이지 밖으로 나가지 않습니다.",
    open: "열기…", paste: "붙여넣기…", copy: "링크 복사", copied: "링크를 클립보드에 복사했습니다", exportAs: "내보내기…", help: "도움말", theme: "밝게 / 어둡게", language: "English",
    properties: "단계별 속성", steps: "단계", state: "상태", filter: "필터: n1, action:Join, msg:Commit, changes:term, from:3, to:9", shown: "전체 {1}단계 중 {0}단계",
    initial: "초기 상태", noAction: "(동작 이름 없음)", loopStart: "순환 시작", back: "↻ {0}번으로 돌아감", firstAt: "{0}단계에서 처음 위반", holdsAll: "모든 단계에서 성립", quiet: "모든 단계에서 성립하는 속성 {0}개", reachedAt: "{0}단계에서 처음 참", neverTrue: "이 추적에서는 참이 아님", unknown: "기록 없음",
    previous: "이전 단계", compare: "비교 대상", pinBase: "이 단계와 비교", unpinBase: "이전 단계와 비교", onlyChanged: "변경된 것만", variable: "변수 찾기", pinHint: "n, p 키로 이 필드를 따라가기",
    receives: "수신", sends: "송신", from: "보낸 노드", to: "받는 노드", never: "이 추적에서는 전달되지 않음", nodes: "노드", nothing: "변경 없음", more: "… {0}개 더", element: "원소 1개", elements: "원소 {0}개", play: "재생", stop: "정지", leader: "리더", world: "시스템",
    message: "{0}: {1} → {2}, {3}; {4}단계에서 송신, {5}에서 전달", lost: "전달되지 않음", again: "다시 전달됨", restart: "재시작", helpTitle: "키보드와 필터", close: "닫기", load: "열기", pasteTitle: "추적 붙여넣기", model: "모델", rules: "규칙", sound: "원래 프로토콜", mutant: "변형 {0}", waive: "가드 {0} 제외", foreign: "다른 도구의 추적", length: "{0}단계", trace: "추적", violated: "위반",
    eNotJson: "JSON이 아닙니다: {0}", eTooLarge: "파일 크기가 {0} MB입니다. 이 페이지는 {1} MB까지 엽니다. 먼저 추적을 자르거나 줄이세요.", eNotItf: "ITF 추적이 아닙니다: {0}", eEmpty: "파일이 비어 있습니다.", eMissing: "상태 {0}에 변수 “{1}”의 값이 없습니다.", eLoop: "순환이 상태 {0}(으)로 돌아가지만 마지막 상태는 {1}입니다.", eVersion: "추적 형식 버전 {0}(으)로 작성되었습니다. 이 페이지는 버전 1을 읽습니다.", eMeta: "{0}: 메타데이터 “{1}”을(를) 읽을 수 없습니다: {2}", eGzip: "압축 파일이 손상되었거나 잘렸습니다.", eRead: "파일을 읽을 수 없습니다: {0}", eValue: "상태 {0}, 변수 “{1}”: {2}", tooLongForLink: "추적이 너무 커서 링크에는 위치만 담았습니다.",
    keys: [["← → k j", "이전, 다음 단계"], ["Home End", "첫 상태, 마지막 상태"], ["PgUp PgDn", "열 단계"], ["v", "다음 위반"], ["n p", "따라가는 필드의 다음, 이전 변경"], ["b", "이 단계와 비교 / 다시 이전 단계와 비교"], ["c", "변경된 것만"], ["m", "메시지의 반대쪽 끝"], ["space", "재생 (순환은 계속 돕니다)"], ["/", "필터"], ["o", "파일 열기"], ["t", "밝게, 어둡게"], ["?", "이 도움말"]],
    words: [["n1", "단계의 아무 글자"], ["node:n1", "그 노드에서, 그 노드로부터 또는 그 노드로"], ["action:Join", "동작 이름"], ["msg:Commit", "보내거나 받은 메시지"], ["changes:term", "바뀐 필드나 변수"], ["from:3 to:9", "단계 범위"], ["-word", "제외"], ["A >> B", "뒤에 B가 오는 A"]],
  },
};
let language = "en";
function t(key, ...parts) {
  const text = STRINGS[language][key] ?? STRINGS.en[key] ?? key;
  return typeof text === "string" ? text.replace(/\{(\d)\}/g, (_, position) => String(parts[position] ?? "")) : text;
}
