/* Frontdesk web chat: one custom element, no build step, no dependency.
 *   <script src="https://desk.example.com/chat/frontdesk-chat.js" defer></script>
 *   <frontdesk-chat language="en" title="Chat with us" accent="#0f6b5c"></frontdesk-chat>
 * Attributes: server, language (en|zh), open, title, accent. Methods: open(), close(), send(text).
 * Events: frontdesk:open, frontdesk:close, frontdesk:message (detail: the message).
 */
(() => {
"use strict";

const SCRIPT = document.currentScript?.src;
// What one tab keeps in the browser, another may see a little later.
const TAB_LAG = 500;
const SILENCE = 40_000, POST_LIMIT = 20_000, HIDDEN_GRACE = 20_000, HIDDEN_POLL = 30_000;
const COUNT_FROM = 2000, TEXT_LIMIT = 4000, FILE_LIMIT = 25 * 1024 ** 2, PHOTO_LIMIT = 2 * 1024 ** 2, FILES_AT_ONCE = 4;

const WORDS = {
  en: {
    title: "Chat with us", subtitle: "Ask us anything, day or night", launcher: "Chat with us",
    unread: n => `${n} unread`, close: "Close chat", other: "中文", switch: "切换到中文", otherLang: "zh-CN",
    placeholder: "Write a message", label: "Your message", send: "Send", attach: "Attach a file", remove: "Remove",
    log: "Conversation", hello: "Hello! How can we help?",
    intro: "Ask about an order, a delivery or a refund. You can write in English or Chinese.",
    ask: ["Where is my order?", "I'd like a refund", "Which delivery options are there?", "Can I talk to a person?"],
    bot: "Assistant", agent: "Support", you: "You", typing: "is typing", today: "Today", yesterday: "Yesterday",
    queued: "Waiting to be sent", sent: "Sent", seen: "Seen", failed: "Not sent", retry: "Retry", discard: "Delete",
    offline: "You are offline. Your messages are kept and sent later.", reconnecting: "Reconnecting…",
    busy: "A lot is going on. Your messages are kept and sent shortly.", down: "New messages",
    blocked: "Chat is not available on this page.", fresh: "Your earlier chat has ended. This is a new one.",
    tooLong: n => `${n} over the limit of ${TEXT_LIMIT}`, left: n => `${n} left`, tooMany: `Up to ${FILES_AT_ONCE} files at once.`,
    tooBig: name => `“${name}” is too large.`, unwanted: name => `“${name}” is of a kind that we cannot accept.`,
    unsent: name => `“${name}” could not be uploaded.`, uploading: name => `Uploading ${name}`, picture: name => `Picture ${name}`, download: name => `Save ${name}`,
    waiting: "still on its way", refused: "not accepted", again: name => `Try ${name} again`,
    unreadable: name => `“${name}” could not be read or is empty.`, 413: "This is too large to send.",
    more: "Continue elsewhere", on: name => `Continue on ${name}`, onNote: "The conversation so far stays with you.",
    mail: "Continue by e-mail", address: "Your e-mail address", sendCode: "Send a code", code: "Code from our e-mail", confirm: "Confirm",
    codeSent: address => `We have sent a code to ${address}. It is valid for 15 minutes.`, proved: address => `Done: mails from ${address} belong to this conversation.`,
    codeWrong: "That is not the code. Check the newest e-mail from us.", codeOld: "That code no longer counts. Ask for a new one.", codeLater: "Too many attempts. Please wait a while.",
    addressWrong: "This does not look like an e-mail address.", codeFailed: "That did not work. Please try again, or ask us here.",
  },
  zh: {
    title: "在线客服", subtitle: "有问题，随时问", launcher: "在线客服",
    unread: n => `${n} 条未读`, close: "关闭聊天", other: "EN", switch: "Switch to English", otherLang: "en",
    placeholder: "请输入消息", label: "消息内容", send: "发送", attach: "添加附件", remove: "移除",
    log: "聊天记录", hello: "您好，有什么可以帮您？",
    intro: "订单、配送、退款都可以问，中文、英文都行。",
    ask: ["我的订单到哪了？", "我想申请退款", "有哪些配送方式？", "我要转人工客服"],
    bot: "智能助手", agent: "客服", you: "您", typing: "正在输入", today: "今天", yesterday: "昨天",
    queued: "等待发送", sent: "已发送", seen: "已读", failed: "发送失败", retry: "重试", discard: "删除",
    offline: "网络已断开，消息已保存，恢复后自动发送。", reconnecting: "正在重新连接…",
    busy: "当前咨询较多，消息已保存，稍后自动发送。", down: "新消息",
    blocked: "此页面暂不支持在线聊天。", fresh: "之前的会话已结束，现在是新的会话。",
    tooLong: n => `超出 ${n} 个字`, left: n => `还可输入 ${n} 个字`, tooMany: `一次最多添加 ${FILES_AT_ONCE} 个文件。`,
    tooBig: name => `“${name}”太大了，无法发送。`, unwanted: name => `“${name}”是不支持的文件类型。`,
    unsent: name => `“${name}”上传失败。`, uploading: name => `正在上传 ${name}`, picture: name => `图片 ${name}`, download: name => `保存 ${name}`,
    waiting: "正在获取", refused: "未接收", again: name => `重新上传 ${name}`,
    unreadable: name => `“${name}”无法读取或内容为空。`, 413: "内容太大，无法发送。",
    more: "换个渠道继续聊", on: name => `在 ${name} 上继续`, onNote: "之前的聊天记录会一并保留。",
    mail: "改用邮件继续", address: "您的邮箱", sendCode: "发送验证码", code: "邮件中的验证码", confirm: "确认",
    codeSent: address => `验证码已发送到 ${address}，15 分钟内有效。`, proved: address => `已确认，来自 ${address} 的邮件会归入您的对话。`,
    codeWrong: "验证码不正确，请查看最新的一封邮件。", codeOld: "验证码已失效，请重新获取。", codeLater: "尝试次数过多，请稍后再试。",
    addressWrong: "邮箱格式不正确，请检查后重试。", codeFailed: "没有成功，请重试，或直接在这里告诉我们。",
  },
};

const ICONS = {
  chat: "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.6 4v-4A2.4 2.4 0 0 1 4 13.5zM8.5 8h7M8.5 11.5h4.5",
  close: "M6 6l12 12M18 6L6 18", send: "M12 19V5.5M6 11l6-6 6 6", down: "M12 5v13M6 12.5l6 6 6-6",
  clip: "M19.5 11.5l-7.6 7.6a4.6 4.6 0 0 1-6.5-6.5l7.9-7.9a3 3 0 0 1 4.3 4.3l-7.7 7.7a1.5 1.5 0 0 1-2.1-2.1l7-7",
  file: "M13 3H7.5A1.5 1.5 0 0 0 6 4.5v15A1.5 1.5 0 0 0 7.5 21h9a1.5 1.5 0 0 0 1.5-1.5V8zM13 3v5h5", out: "M8 16L17 7M9.5 7H17v7.5",
  hop: "M8.5 3h7A1.5 1.5 0 0 1 17 4.5v15a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 19.5v-15A1.5 1.5 0 0 1 8.5 3zM11 18h2",
  queued: "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15M12 8.5v4l2.5 1.5", sent: "M6 12.5l4 4 8-9",
  seen: "M2.5 12.5l4 4 8-9M11.5 15.5l1 1 8-9", failed: "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15M12 8.5v4.2M12 15.4v.1",
};

const STYLE = `
:host{all:initial;--accent:#0f6b5c;--on:#fff;--bg:#fff;--soft:#f2f4f3;--text:#1a211e;--muted:#5a6561;--line:#dfe4e1;--bad:#b3261e;
position:fixed;inset-inline-end:0;bottom:0;z-index:2147483000;color-scheme:light dark;
font:400 15px/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;color:var(--text)}
@media(prefers-color-scheme:dark){:host{--bg:#171b1a;--soft:#252b29;--text:#edf1ef;--muted:#a7b2ad;--line:#343c39;--bad:#ffb4ab}}
:host([hidden]),[hidden]{display:none!important}
*{box-sizing:border-box;margin:0}
button,textarea{font:inherit;color:inherit}
button{background:none;border:0;padding:0;cursor:pointer;-webkit-tap-highlight-color:transparent}
:focus-visible{outline:2px solid var(--text);outline-offset:2px}
svg{width:20px;height:20px;flex:none;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round;display:block}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.launcher{position:fixed;inset-inline-end:calc(20px + env(safe-area-inset-right));bottom:calc(20px + env(safe-area-inset-bottom));display:flex;align-items:center;gap:9px;
min-height:52px;padding:0 20px 0 17px;border-radius:26px;background:var(--accent);color:var(--on);font-weight:600;box-shadow:0 1px 2px #0003,0 8px 24px #0003;transition:transform .15s,box-shadow .15s}
.launcher:hover{transform:translateY(-2px);box-shadow:0 2px 4px #0003,0 12px 28px #0004}
.badge{position:absolute;top:-5px;inset-inline-end:-3px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:#c62828;color:#fff;font-size:12px;line-height:22px;text-align:center;box-shadow:0 0 0 2px var(--bg)}
.panel{max-height:calc(100dvh - 40px);position:fixed;inset-inline-end:calc(20px + env(safe-area-inset-right));bottom:calc(20px + env(safe-area-inset-bottom));width:388px;height:min(640px,calc(100dvh - 40px));
display:flex;flex-direction:column;overflow:clip;background:var(--bg);border-radius:18px;box-shadow:0 0 0 1px var(--line),0 4px 12px #0000001a,0 20px 56px #0000003d;animation:rise .2s cubic-bezier(.2,.8,.3,1)}
@keyframes rise{from{opacity:0;transform:translateY(14px)}}
header{display:flex;align-items:center;gap:12px;padding:14px 12px 14px 18px;background:var(--accent);color:var(--on)}
header :focus-visible{outline-color:currentColor;outline-offset:-2px}
.mark{display:grid;place-items:center;width:38px;height:38px;flex:none;border-radius:12px;background:color-mix(in srgb,var(--on) 16%,transparent)}
.who{flex:1;min-width:0}.who h2{font-size:16px;line-height:1.3;font-weight:650}.who p{font-size:12.5px;line-height:1.4}
.who>*{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.icon{display:grid;place-items:center;min-width:40px;height:40px;flex:none;border-radius:12px;font-size:13.5px;font-weight:600;transition:background .15s}
.icon:hover{background:color-mix(in srgb,currentColor 14%,transparent)}
header{position:relative}
.menu{position:absolute;z-index:1;inset-inline-end:12px;top:calc(100% + 6px);width:min(290px,calc(100% - 24px));padding:6px;border-radius:14px;background:var(--bg);color:var(--text);box-shadow:0 0 0 1px var(--line),0 8px 28px #0003}
.menu :focus-visible{outline-color:var(--text)}.menu p{padding:4px 10px 6px;font-size:12.5px;color:var(--muted);overflow-wrap:anywhere}.menu p.bad{color:var(--bad)}
.menu :is(a,.item){display:flex;align-items:center;gap:10px;width:100%;min-height:42px;padding:6px 10px;border-radius:10px;color:inherit;font-size:14.5px;font-weight:500;text-align:start;text-decoration:none}
.menu :is(a,.item):hover{background:var(--soft)}.menu :is(a,.item) span{flex:1;min-width:0;overflow-wrap:anywhere}
.menu form{display:flex;flex-wrap:wrap;gap:6px;padding:4px 10px 8px}.menu label{flex-basis:100%;font-size:12.5px;color:var(--muted)}
.menu input{flex:1;min-width:0;height:40px;padding:0 10px;border:1px solid color-mix(in srgb,var(--muted) 70%,var(--bg));border-radius:10px;background:var(--bg);color:inherit;font:inherit;font-size:16px}
.menu form button{min-height:40px;padding:0 14px;border-radius:10px;background:var(--accent);color:var(--on);font-size:14px;font-weight:600}
.bar{padding:7px 16px;background:var(--soft);border-bottom:1px solid var(--line);color:var(--muted);font-size:13px;text-align:center}
.scroll{position:relative;flex:1;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:16px 16px 10px;display:flex;flex-direction:column}
.scroll:focus-visible{outline-offset:-3px}@media(pointer:coarse){.scroll:focus-visible{outline:0}}
.idle{height:auto}.empty{margin:auto 0;padding:10px 2px 6px}.empty h3{font-size:21px;line-height:1.3;font-weight:650;letter-spacing:-.01em}
.empty p{margin:6px 0 18px;color:var(--muted)}
.empty div,.choices{display:flex;flex-wrap:wrap;gap:8px 6px}
.chip{display:inline-flex;align-items:center;gap:6px;min-height:38px;max-width:100%;padding:7px 14px;border:1px solid color-mix(in srgb,var(--accent) 60%,var(--muted));border-radius:19px;background:var(--bg);color:var(--text);
font-size:14px;font-weight:500;line-height:1.4;text-align:start;text-decoration:none;overflow-wrap:anywhere;transition:background .15s}
.chip svg{width:15px;height:15px}
.chip:hover:enabled,a.chip:hover{background:color-mix(in srgb,var(--accent) 12%,var(--bg))}
.chip:disabled,span.chip{cursor:default;border-color:var(--line);color:var(--muted)}
.chip[aria-pressed=true]{background:var(--soft);color:var(--text)}
.day,.system{margin:14px auto 8px;max-width:86%;color:var(--muted);font-size:12.5px;text-align:center;overflow-wrap:anywhere;white-space:pre-wrap}
.asks{margin-block:18px 10px;color:var(--text);font-size:14px}.asks .choices{justify-content:center;max-width:none}
.msg{display:flex;flex-direction:column;align-items:flex-start;margin-top:14px}
.msg.same{margin-top:4px}.msg.new{animation:rise .18s ease-out}
.name{margin:0 0 4px 2px;font-size:12.5px;font-weight:600;color:var(--muted)}
.same .name{display:none}
.bubble{max-width:86%;padding:9px 13px;border-radius:16px;border-end-start-radius:5px;background:var(--soft);white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext;text-align:start}
.bubble a{color:inherit;text-underline-offset:2px}
.agent .bubble{box-shadow:inset 0 0 0 1px color-mix(in srgb,var(--accent) 50%,var(--muted));background:var(--bg)}
.own{align-items:flex-end}.own .bubble{background:var(--accent);color:var(--on);border-radius:16px;border-end-end-radius:5px}
.own .bubble :focus-visible{outline-color:var(--on)}
.isfailed .bubble{background:var(--soft);color:var(--text);box-shadow:inset 0 0 0 1px var(--bad)}
.file{display:flex;align-items:center;gap:8px}.file+.file{margin-top:6px}.file small{opacity:.85;white-space:nowrap;font-size:12.5px}
.attached.below{margin-top:6px}a.file{color:inherit}.picture{display:block}.picture+.picture,.picture+.file,.file+.picture{margin-top:6px}
.picture img{display:block;height:180px;min-width:80px;max-width:100%;object-fit:cover;border-radius:10px;background:var(--soft)}
.choices{margin-top:8px;max-width:100%}
.meta{display:flex;flex-wrap:wrap;align-items:center;gap:4px;margin:3px 2px 0;color:var(--muted);font-size:12px;line-height:18px}
.own .meta{justify-content:flex-end}.meta svg{width:15px;height:15px}
.quiet .meta{display:none}
.isfailed .meta{color:var(--bad)}
.meta button{min-height:24px;padding:0 4px;font-weight:600;text-decoration:underline;text-underline-offset:2px;color:var(--text)}
.typing{align-self:flex-start;display:flex;gap:5px;margin-top:12px;padding:14px;border-radius:16px;border-end-start-radius:5px;background:var(--soft)}
.typing i{width:7px;height:7px;border-radius:50%;background:var(--muted);animation:dot 1.2s infinite}
.typing i:nth-of-type(2){animation-delay:.15s}.typing i:nth-of-type(3){animation-delay:.3s}
@keyframes dot{0%,60%,100%{opacity:.35}30%{opacity:1;transform:translateY(-3px)}}
.foot{position:relative;padding:8px 12px calc(12px + env(safe-area-inset-bottom));background:var(--bg)}
.jump{position:absolute;bottom:100%;left:50%;translate:-50% -8px;display:flex;align-items:center;gap:6px;padding:6px 14px 6px 10px;border-radius:18px;background:var(--text);color:var(--bg);font-size:13px;font-weight:600;white-space:nowrap;box-shadow:0 4px 14px #0004}
.jump svg{width:16px;height:16px}
.notice{margin:0 4px 8px;color:var(--bad);font-size:13px;line-height:1.4;overflow-wrap:anywhere}
.files{display:flex;flex-wrap:wrap;gap:6px;margin-bottom:8px}
.files>span{display:flex;align-items:center;gap:6px;max-width:100%;padding-inline-start:10px;border-radius:10px;background:var(--soft);font-size:13px}
.files b{font-weight:500;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:210px}
.files progress{width:56px;height:6px;accent-color:var(--accent)}.files button:not(.icon){min-height:32px;font-weight:600;text-decoration:underline;text-underline-offset:2px}
.files .icon{min-width:32px;height:32px}.files svg{width:16px;height:16px}
.row{display:flex;align-items:flex-end;gap:2px;padding:3px;border:1px solid color-mix(in srgb,var(--muted) 70%,var(--bg));border-radius:23px;background:var(--bg)}
.row:focus-within{--ring:color-mix(in srgb,var(--accent) 55%,var(--text));border-color:var(--ring);box-shadow:0 0 0 1px var(--ring)}.row :focus-visible{outline-offset:-3px}
.row .icon{border-radius:50%;min-width:38px;height:38px;color:var(--muted)}
textarea{flex:1;min-width:0;height:38px;max-height:132px;padding:7px 4px;border:0;background:none;resize:none;font-size:16px;line-height:24px;overflow-wrap:anywhere}
.row textarea:focus{outline:0}textarea::placeholder{color:var(--muted);opacity:1}
.row .send,.row .send:hover{background:var(--accent);color:var(--on)}
.row .send:disabled{background:var(--soft);color:var(--muted);cursor:default}
.count{margin:5px 8px 0;text-align:end;font-size:12px;color:var(--muted)}.count.over{color:var(--bad);font-weight:600}
.drop{box-shadow:inset 0 0 0 2px var(--accent)}
@media(max-width:479.98px){.panel,.idle{inset:var(--top,0px) 0 auto;width:auto;height:var(--height,100dvh);max-height:none;border-radius:0;box-shadow:none}
header{padding-top:calc(10px + env(safe-area-inset-top));padding-bottom:10px}.panel.keys .foot{padding-bottom:10px}.icon,.row .icon{min-width:44px;height:44px}.row{border-radius:26px}textarea{padding-block:10px}}
@media(prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}.typing i{opacity:.7}}
@media(forced-colors:active){.bubble,.chip,.launcher,.panel,.icon.send{border:1px solid}}
@media print{:host{display:none}}`;

/** Build an element; text always becomes a text node, never markup. */
const h = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter(child => child != null));
  return node;
};

const icon = name => {
  const make = tag => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = make("svg"), path = make("path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
};

/** The address as a string when it is http or https, else null. */
const webAddress = (text, base) => {
  try {
    const url = new URL(text, base);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch { return null; }
};

/** Text with its web addresses as links. Only ASCII belongs to an address: Chinese text follows without a space. */
const linked = text => {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi)) {
    let address = match[0].replace(/[.,;:!?'*]+$/, "");
    while (/[)\]]$/.test(address) && !/[([]/.test(address)) address = address.slice(0, -1).replace(/[.,;:!?]+$/, "");
    const href = webAddress(address);
    if (!href) continue;
    parts.push(text.slice(from, match.index), h("a", { href, target: "_blank", rel: "noopener noreferrer" }, address));
    from = match.index + address.length;
  }
  return [...parts, text.slice(from)];
};

// randomUUID exists on https and localhost only, shops test on plain http too.
const uuid = () => crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, c =>
  (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));

const size = bytes => bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
const jitter = (fails, cap = 30_000) => Math.min(cap, 1000 * 2 ** fails) * (0.5 + Math.random() / 2);

/** Milliseconds of a Retry-After header (seconds or a date), null without one. */
const retryAfter = response => {
  const value = response.headers.get("retry-after");
  if (!value) return null;
  const wait = /^\d+(\.\d+)?$/.test(value) ? value * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.max(wait, 250) : null;
};

/** localStorage where it works; blocked or full storage falls back to memory, so the chat goes on for this page. */
const store = {
  memory: new Map(),
  get(key) { try { return this.memory.get(key) ?? localStorage.getItem(key); } catch { return this.memory.get(key) ?? null; } },
  set(key, value) {
    try { localStorage.setItem(key, value); this.memory.delete(key); } catch { this.memory.set(key, value); }
  },
  remove(key) { this.memory.delete(key); try { localStorage.removeItem(key); } catch { /* blocked: memory was all there is */ } },
  keys(prefix) {
    let names = [];
    try { names = Object.keys(localStorage); } catch { /* blocked: as above */ }
    return [...new Set([...names, ...this.memory.keys()])].filter(key => key.startsWith(prefix)).sort();
  },
};

/** A photo as a JPEG that fits the limit, or null: big and good first, then smaller and plainer. */
const shrink = async file => {
  // The browser turns the picture upright and drops what the camera wrote into it, the place included.
  const picture = await createImageBitmap(file);
  for (const [edge, quality] of [[2560, .85], [2048, .8], [1600, .75], [1280, .7]]) {
    const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise(resolve => canvas.toBlob(resolve, "image/jpeg", quality));
    if (blob && blob.size <= PHOTO_LIMIT) return blob;
  }
  return null;
};

class RequestError extends Error {
  constructor(status, detail, wait) { super(detail); this.status = status; this.wait = wait; }
}

class FrontdeskChat extends HTMLElement {
  static observedAttributes = ["language", "title", "accent"];
  #ui = {}; #life; #messages = new Map(); #known = new Set(); #seen = new Set(); #nodes = new Map(); #files = [];
  #lastId = 0; #loaded = false; #listening = false; #pumping = false; #hiddenAt = 0; #wakers = new Set(); #stream; #current; #joining = null; #typingTimer;
  #links = []; #mail = false; #address = "";
  #isOpen = false; #lost = false; #lostTimer; #stuck = ""; #fresh = false; #title = ""; #pageTitle = null; #overflow = null; #painting = false; #sequence = 0; #stick = false; #timeFormat; #dayFormat;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch { root.append(h("style", {}, STYLE)); }
  }

  connectedCallback() {
    this.server = (this.getAttribute("server") || (SCRIPT ? new URL(SCRIPT).origin : location.origin)).replace(/\/+$/, "");
    this.key = `frontdesk:${this.server}:`;
    this.language = store.get(this.key + "language") || this.#languageOf(this.getAttribute("language") || document.documentElement.lang || navigator.language);
    this.#life = new AbortController();
    this.#build();
    this.#accent();
    this.#translate();
    const on = (target, name, act) => target?.addEventListener(name, act, { signal: this.#life.signal });
    on(window, "online", () => { this.#again(); this.#status(); });
    on(window, "offline", () => this.#status());
    on(window, "pageshow", () => this.#wake());
    on(window, "storage", event => this.#otherTab(event));
    on(document, "visibilitychange", () => this.#visibility());
    for (const name of ["resize", "scroll"]) on(window.visualViewport, name, () => this.#fit());
    this.#hiddenAt = document.hidden ? Date.now() : 0;
    if (this.hasAttribute("open") || this.#session("open")) this.open({ focus: false });
    this.#paint();
    this.#listen();
    this.#pump();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#stream?.abort();
    this.#wake();
    this.#lock(false);
    this.#messages.clear(); this.#known.clear(); this.#nodes.clear();
    this.#lastId = 0; this.#loaded = false;
  }

  attributeChangedCallback(name, old, value) {
    if (name === "title" && value !== null) {
      this.#title = value;
      this.removeAttribute("title");  // or the browser shows it as a tooltip over the whole chat
    } else if (name === "language" && this.isConnected && value && old !== value && this.#life) return this.setLanguage(value);
    if (this.#ui.panel) { this.#accent(); this.#translate(); }
  }

  // ---- what a page may call ------------------------------------------------------------------------------------------

  open({ focus = true } = {}) {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#session("open", "1");
    this.#ui.panel.hidden = false;
    this.#ui.launcher.hidden = true;
    this.#lock(true);
    this.#fit();
    this.#read();
    this.#grow();
    this.#bottom();
    this.#offer();
    // On a phone the keyboard would cover the suggestions, so the field waits for a tap.
    if (focus) (matchMedia("(pointer: coarse)").matches ? this.#ui.scroll : this.#ui.field).focus({ preventScroll: true });
    this.#emit("open");
  }

  close() {
    if (!this.#isOpen) return;
    const hadFocus = this.shadowRoot.activeElement;
    this.#isOpen = false;
    this.#session("open", "");
    this.#ui.panel.hidden = true;
    this.#ui.launcher.hidden = false;
    this.#lock(false);
    if (hadFocus) this.#ui.launcher.focus({ preventScroll: true });
    this.#emit("close");
  }

  /** Queue a text as the customer's message; true when there was something to send. */
  send(text) {
    // Half an emoji, left by a careless cut, would be refused by the server.
    const given = String(text ?? "").trim(), body = given.toWellFormed?.() ?? given;
    if (!body || [...body].length > TEXT_LIMIT) return false;
    this.#enqueue({ text: body });
    return true;
  }

  setLanguage(value) {
    this.language = this.#languageOf(value);
    store.set(this.key + "language", this.language);
    this.#translate();
  }

  // ---- the queue: one storage entry per message, so tabs never overwrite each other's ---------------------------------

  #enqueue(body, shown = {}) {
    const id = uuid(), at = new Date().toISOString();
    // The key sorts by time, then by a counter: order of sending is order of writing.
    const key = `${this.key}queue:${String(Date.now()).padStart(15, "0")}:${String(this.#sequence++).padStart(6, "0")}:${id}`;
    store.set(key, JSON.stringify({ id, at, state: "queued", body, shown }));
    this.#fresh = false;
    this.#paint({ stick: true });
    this.#pump();
  }

  #queue() {
    return store.keys(this.key + "queue:").flatMap(key => {
      try { return [{ ...JSON.parse(store.get(key)), key }]; } catch { store.remove(key); return []; }
    });
  }

  /** Change a queue entry, unless another tab has already finished it. */
  #mark(item, change) {
    if (store.get(item.key) === null) return;
    const { key, ...rest } = item;
    store.set(key, JSON.stringify({ ...rest, ...change }));
    this.#paint();
  }

  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    const life = this.#life;
    let fails = 0;
    while (!life.signal.aborted && this.#queue().some(item => item.state === "queued")) {
      try {
        // Every tab sends the oldest first, and only one tab at a time where the browser has locks.
        await this.#alone("send", () => this.#sendOldest());
        fails = 0;
        this.#stuck = "";
      } catch (error) {
        this.#stuck = error.status === 429 || error.status === 503 ? "busy" : "reconnecting";
        this.#status();
        await this.#sleep(error.wait ?? jitter(fails++), error.wait == null);
      }
      this.#status();
    }
    this.#pumping = false;
    if (life !== this.#life) this.#pump();
  }

  #alone(what, act) {
    return navigator.locks ? navigator.locks.request(this.key + what, act) : act();
  }

  async #sendOldest() {
    const item = this.#queue().find(each => each.state === "queued");
    if (!item) return;
    let token;
    try {
      token = await this.#visitor();
      await this.#request("/chat/v1/messages", { token, body: { id: item.id, ...item.body } });
      this.#mark(item, { state: "sent", sent: Date.now() });
      this.#listen();
    } catch (error) {
      if (error.status === 401) { this.#expired(token); throw error; }
      const forGood = error.status >= 400 && error.status < 500 && ![408, 425, 429].includes(error.status);
      if (!forGood) throw error;
      this.#mark(item, { state: "failed", status: error.status, reason: error.message });
    }
  }

  get #token() { return store.get(this.key + "token"); }

  async #visitor() {
    // Files that are chosen together ask at once, tabs as well: all of them must belong to one visitor.
    if (!this.#token) await (this.#joining ??= this.#join().finally(() => { this.#joining = null; }));
    return this.#token;
  }

  #join() {
    return new Promise((resolve, reject) => this.#alone("visitor", async () => {
      if (this.#token) return resolve();
      const made = await this.#request("/chat/v1/visitors", { body: { language: this.language } });
      if (!made.token) throw new Error("no token in the answer");
      store.set(this.key + "token", made.token);
      this.#listen();  // at once: what this tab wrote may be sent by another
      resolve();
      await this.#sleep(TAB_LAG, false);
    }).catch(reject));
  }

  /** The token no longer counts: forget its conversation, keep what is unsent. */
  #expired(token) {
    if (this.#token !== token) return;  // another tab has already renewed it
    store.remove(this.key + "token");
    for (const item of this.#queue()) if (item.state === "sent") store.remove(item.key);
    this.#restart(this.#messages.size > 0);
  }

  #restart(fresh = false) {
    this.#messages.clear(); this.#known.clear(); this.#seen.clear();
    store.remove(this.key + "read");
    this.#lastId = 0; this.#loaded = false; this.#fresh = fresh;
    this.#again();
    this.#paint();
  }

  async #request(path, { token, body, signal } = {}) {
    const headers = { Accept: "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(this.server + path, {
      method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body),
      credentials: "omit", cache: "no-store", signal: signal ?? AbortSignal.timeout(POST_LIMIT),
    });
    return (await this.#checked(response)).json();
  }

  async #checked(response) {
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new RequestError(response.status, String(problem.detail ?? problem.error ?? ""), retryAfter(response));
  }

  // ---- listening: history once, then server-sent events ---------------------------------------------------------------

  async #listen() {
    if (this.#listening) return;
    this.#listening = true;
    const life = this.#life;
    let fails = 0;
    while (!life.signal.aborted && this.#token) {
      const token = this.#current = this.#token, started = Date.now();
      let wait = null;
      this.#stream = null;
      try {
        if (!this.#loaded || this.#resting()) await this.#history(token);
        if (this.#resting()) { fails = 0; await this.#sleep(HIDDEN_POLL); continue; }
        await this.#events(token);
      } catch (error) {
        wait = error.wait ?? null;
        if (error.status === 401) this.#expired(token);
        if (error.status === 403) { this.#stuck = "blocked"; wait ??= 60_000; }
      }
      if (life.signal.aborted) break;
      this.#typing(false);
      this.#connection(false);
      if (Date.now() - started > 5000) fails = 0;
      // A stream we cut ourselves (back online, tab shown again) comes back at once.
      if (this.#stream?.signal.reason !== "again") await this.#sleep(wait ?? jitter(fails++), wait == null);
    }
    this.#listening = false;
    if (!life.signal.aborted && this.#token) this.#listen();
    else if (life !== this.#life && this.isConnected) this.#listen();
  }

  /** A tab out of sight gives its connection back: browsers allow six per server, and each tab would hold one. */
  #resting() { return this.#hiddenAt > 0 && Date.now() - this.#hiddenAt > HIDDEN_GRACE; }

  async #history(token) {
    const first = !this.#loaded;
    const { messages } = await this.#request(`/chat/v1/messages?after=${this.#lastId}`, { token });
    if (token !== this.#token) return;
    // A talk that begins with what is being sent right now has no past: its first answers are news.
    const past = first && !this.#queue().some(item => item.id === messages[0]?.client_id);
    this.#ui.log.setAttribute("aria-live", past ? "off" : "polite");  // nobody wants the whole past read out
    for (const message of messages) this.#take(message, !past);
    this.#loaded = true;
    this.#paint({ stick: first });
    if (first) this.#offer();
    setTimeout(() => this.#ui.log.setAttribute("aria-live", "polite"), 500);
  }

  async #events(token) {
    const control = this.#stream = new AbortController();
    let watchdog;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => control.abort(), SILENCE);
    };
    alive();
    try {
      const response = await this.#checked(await fetch(`${this.server}/chat/v1/events`, {
        headers: { Accept: "text/event-stream", Authorization: `Bearer ${token}`, "Last-Event-ID": String(this.#lastId) },
        credentials: "omit", cache: "no-store", signal: control.signal,
      }));
      if (!response.headers.get("content-type")?.startsWith("text/event-stream")) throw new Error("not an event stream");
      this.#connection(true);
      const reader = response.body.getReader(), decoder = new TextDecoder();
      let rest = "", event = { name: "message", data: [] };
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        alive();
        const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
        rest = lines.pop();
        for (const raw of lines) {
          const line = raw.replace(/\r$/, "");
          if (line === "") { this.#event(event); event = { name: "message", data: [] }; continue; }
          const [, field, data] = /^([^:]*)(?:: ?(.*))?$/.exec(line);
          if (field === "event") event.name = data;
          else if (field === "data") event.data.push(data ?? "");
        }
      }
    } finally { clearTimeout(watchdog); }
  }

  #event({ name, data }) {
    if (!data.length) return;
    let value;
    try { value = JSON.parse(data.join("\n")); } catch { console.warn("frontdesk-chat: unreadable event", name); return; }
    if (name === "typing") this.#typing(Boolean(value.typing));
    else if (name === "seen") { this.#seen.add(value.client_id); this.#paint(); }
    else if (name === "message") { this.#take(value, true); this.#paint(); }
  }

  /** Take a message of the server in, once. */
  #take(message, live) {
    if (typeof message?.id !== "number" || this.#messages.has(message.id)) return;
    this.#messages.set(message.id, message);
    this.#lastId = Math.max(this.#lastId, message.id);
    if (message.client_id) {
      this.#known.add(message.client_id);
      for (const key of store.keys(this.key + "queue:")) if (key.endsWith(message.client_id)) store.remove(key);
    }
    if (message.author !== "contact") this.#typing(false);
    if (!live) return;
    message.live = true;
    this.#emit("message", { ...message });
  }

  #connection(up) {
    clearTimeout(this.#lostTimer);
    if (up) { this.#lost = false; if (this.#stuck === "blocked") this.#stuck = ""; }
    // A short gap is not worth a word.
    else this.#lostTimer = setTimeout(() => { this.#lost = Boolean(this.#token); this.#status(); }, 1500);
    this.#status();
  }

  #sleep(ms, wakeable = true) {
    return new Promise(resolve => {
      const end = () => { clearTimeout(timer); this.#wakers.delete(end); resolve(); };
      const timer = setTimeout(end, ms);
      end.wakeable = wakeable;
      this.#wakers.add(end);
    });
  }

  /** Reconnect now: the old connection is likely dead, and nobody should sit out a back-off. */
  #again() { this.#stream?.abort("again"); this.#wake(); }

  /** End the waits, except those the server asked for. */
  #wake() { for (const end of [...this.#wakers]) if (end.wakeable || this.#life.signal.aborted) end(); }

  #visibility() {
    this.#hiddenAt = document.hidden ? Date.now() : 0;
    if (document.hidden) setTimeout(() => { if (this.#resting()) this.#stream?.abort("again"); }, HIDDEN_GRACE + 500);
    else { this.#wake(); this.#read(); }
  }

  #otherTab({ key }) {
    if (key === null || (key === this.key + "token" && this.#token !== this.#current)) { this.#restart(); this.#listen(); this.#pump(); }
    else if (key === this.key + "read") this.#unread();
    else if (key === this.key + "language") { this.language = store.get(key) || this.language; this.#translate(); }
    else if (key.startsWith(this.key + "queue:")) { this.#paint(); this.#pump(); }
  }

  // ---- drawing ---------------------------------------------------------------------------------------------------------

  #build() {
    if (this.#ui.panel) return;
    const ui = this.#ui;
    const button = (name, image, act, extra = {}) => (ui[name] = h("button", { type: "button", class: `icon ${name}`, onclick: act, ...extra }, image && icon(image)));
    ui.badge = h("span", { class: "badge", hidden: true });
    ui.short = h("span");
    ui.launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: () => this.open() }, icon("chat"), ui.short, ui.badge);
    ui.title = h("h2", { id: "title" });
    ui.subtitle = h("p");
    ui.bar = h("div", { class: "bar", role: "status", hidden: true });
    ui.empty = h("div", { class: "empty" });
    ui.log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions" });
    ui.typing = h("div", { class: "typing", role: "status", hidden: true });
    ui.scroll = h("div", { class: "scroll", tabindex: "0", role: "group", onscroll: () => this.#scrolled() }, ui.empty, ui.log, ui.typing);
    ui.notice = h("p", { class: "notice", role: "alert", hidden: true });
    ui.files = h("div", { class: "files", hidden: true });
    ui.count = h("p", { class: "count", hidden: true });
    ui.field = h("textarea", { rows: "1", enterkeyhint: "send", autocomplete: "off", dir: "auto", oninput: () => { this.#say(""); this.#grow(); },
      onkeydown: event => {
        // Enter that picks a word of an input method must not send; Safari reports it as key 229.
        if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        event.preventDefault();
        this.#submit();
      },
      onpaste: event => { if (event.clipboardData.files.length) { event.preventDefault(); this.#attach(event.clipboardData.files); } } });
    ui.picker = h("input", { type: "file", multiple: true, hidden: true, onchange: () => { this.#attach(ui.picker.files); ui.picker.value = ""; } });
    ui.jump = h("button", { type: "button", class: "jump", hidden: true, onclick: () => { this.#bottom(); ui.field.focus(); } }, icon("down"), h("span"));
    ui.panel = h("section", { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true,
      onkeydown: event => this.#keys(event),
      onpointerdown: event => { if (!event.composedPath().includes(ui.hop)) this.#menu(false); },
      ondragover: event => { event.preventDefault(); ui.panel.classList.add("drop"); },
      ondragleave: () => ui.panel.classList.remove("drop"),
      ondrop: event => { event.preventDefault(); ui.panel.classList.remove("drop"); this.#attach(event.dataTransfer.files); } },
    h("header", {}, h("span", { class: "mark" }, icon("chat")), h("div", { class: "who" }, ui.title, ui.subtitle),
      ui.hop = h("div", { hidden: true, onfocusout: event => { if (event.relatedTarget && !ui.hop.contains(event.relatedTarget)) this.#menu(false); } },
        button("more", "hop", () => this.#toggle(), { "aria-expanded": "false", "aria-controls": "menu" }),
        ui.menu = h("div", { class: "menu", id: "menu", role: "group", hidden: true })),
      button("swap", null, () => this.setLanguage(this.language === "en" ? "zh" : "en")), button("close", "close", () => this.close())),
    ui.bar, ui.scroll,
    h("form", { class: "foot", onsubmit: event => { event.preventDefault(); this.#submit(); } }, ui.jump, ui.notice, ui.files,
      h("div", { class: "row" }, button("attach", "clip", () => ui.picker.click()), ui.field,
        button("send", "send", null, { type: "submit", disabled: true })), ui.count, ui.picker));
    ui.field.value = this.#session("draft") || "";
    this.shadowRoot.append(ui.launcher, ui.panel);
  }

  /** Set every fixed text; message nodes are made anew. */
  #translate() {
    const ui = this.#ui, words = this.words = WORDS[this.language];
    if (!ui.panel) return;
    // The browser's own English or Chinese knows the customer's clock, 12 or 24 hours.
    const locale = navigator.languages.find(each => each.startsWith(this.language)) ?? (this.language === "zh" ? "zh-CN" : "en");
    this.#timeFormat = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
    this.#dayFormat = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
    const name = (node, text) => { node.setAttribute("aria-label", text); node.title = text; };
    ui.panel.lang = ui.launcher.lang = this.language === "zh" ? "zh-CN" : "en";
    ui.title.textContent = this.#title || words.title;
    ui.subtitle.textContent = words.subtitle;
    ui.short.textContent = this.#title && this.#title.length <= 18 ? this.#title : words.launcher;
    ui.swap.textContent = words.other;
    ui.swap.lang = words.otherLang;
    name(ui.swap, words.switch); name(ui.more, words.more); ui.menu.setAttribute("aria-label", words.more); this.#menu(false); name(ui.close, words.close); name(ui.attach, words.attach); name(ui.send, words.send);
    ui.field.placeholder = words.placeholder;
    ui.field.setAttribute("aria-label", words.label);
    ui.scroll.setAttribute("aria-label", words.log);
    ui.log.setAttribute("aria-label", words.log);
    ui.jump.lastChild.textContent = words.down;
    ui.typing.replaceChildren(h("i"), h("i"), h("i"), h("span", { class: "sr" }, `${words.bot} ${words.typing}`));
    ui.empty.replaceChildren(h("h3", {}, words.hello), h("p", {}, words.intro), h("div", {},
      ...words.ask.map(text => h("button", { type: "button", class: "chip", onclick: () => { this.send(text); this.#refocus(); } }, text))));
    this.#nodes.clear();
    ui.log.replaceChildren();
    this.#say(""); this.#grow(); this.#status(); this.#paint();
  }

  #paint({ stick = false } = {}) {
    this.#stick ||= stick;
    if (this.#painting) return;
    this.#painting = true;
    queueMicrotask(() => { this.#painting = false; this.#draw(); });
  }

  /** Server messages by id, then what is still on its way, as one list of keyed nodes. */
  #draw() {
    const { log, empty, scroll, panel } = this.#ui;
    const near = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    const list = [...this.#messages.values()].sort((a, b) => a.id - b.id);
    const replied = list.findLast(message => message.author === "bot" || message.author === "agent")?.id ?? 0;
    const items = list.map(message => ({ ...message, at: message.created_at, key: message.client_id || `m${message.id}`, own: message.author === "contact",
      state: message.author !== "contact" ? "" : message.seen || this.#seen.has(message.client_id) || message.id < replied ? "seen" : "sent" }));
    for (const item of this.#queue()) {
      // Accepted a day ago and never heard of again: it belongs to another conversation.
      if (this.#known.has(item.id) || (item.state === "sent" && Date.now() - item.sent > 864e5)) { store.remove(item.key); continue; }
      items.push({ own: true, author: "contact", text: item.shown.title ?? item.body.text, attachments: item.shown.files, at: item.at, key: item.id, item,
        state: item.state === "sent" && this.#seen.has(item.id) ? "seen" : item.state });
    }
    const nodes = this.#fresh ? [this.#node("fresh", () => h("p", { class: "system" }, this.words.fresh))] : [];
    for (const each of items) [each.day, each.time] = this.#when(each.at);
    let day = null;
    items.forEach((each, index) => {
      const before = items[index - 1], after = items[index + 1];
      const together = other => other && other.author === each.author && other.author_name === each.author_name && other.day === each.day;
      if (each.day !== day) {
        day = each.day;
        nodes.push(this.#node(`day ${day} ${each.key}`, () => h("p", { class: "day" }, each.day)));
      }
      const node = this.#node(each.key, () => this.#message(each));
      this.#refresh(node, each, each.choices?.length ? items.slice(index + 1).find(other => other.own && other.state !== "failed") : null);
      node.classList.toggle("same", Boolean(together(before)));
      node.classList.toggle("quiet", Boolean(together(after) && after.time === each.time && after.state === each.state && each.state !== "failed"));
      nodes.push(node);
    });
    // Nodes that stay are not touched, so a screen reader hears additions only and focus is kept.
    const keep = new Set(nodes);
    for (const child of [...log.children]) if (!keep.has(child)) child.remove();
    nodes.forEach((node, index) => { if (log.children[index] !== node) log.insertBefore(node, log.children[index] ?? null); });
    for (const [key, node] of this.#nodes) if (!keep.has(node)) this.#nodes.delete(key);
    empty.hidden = nodes.length > (this.#fresh ? 1 : 0) || Boolean(this.#token && !this.#loaded);
    panel.classList.toggle("idle", !empty.hidden);
    if (near || this.#stick) this.#bottom();
    else this.#ui.jump.hidden = this.#atBottom();
    this.#stick = false;
    this.#read();
  }

  #node(key, make) {
    if (!this.#nodes.has(key)) this.#nodes.set(key, make());
    return this.#nodes.get(key);
  }

  #message(each) {
    const words = this.words;
    const choices = each.choices?.length ? h("div", { class: "choices" }, ...each.choices.map(choice => this.#choice(choice))) : null;
    if (each.author === "system") return h("div", { class: choices ? "system asks" : "system" }, h("p", { dir: "auto" }, ...linked(each.text || "")), choices);
    const node = h("div", { class: `msg ${each.own ? "own" : each.author}` },
      h("span", { class: each.own ? "sr" : "name" }, each.own ? `${words.you}: ` : each.author_name || words[each.author] || words.bot));
    if (each.live || each.item) node.classList.add("new");
    const attached = each.attachments?.length ? h("div", { class: each.text ? "attached below" : "attached", "aria-live": "off" }) : null;
    if (each.text || attached) node.append(h("div", { class: "bubble", dir: "auto" }, ...linked(each.text || ""), attached));
    if (choices) node.append(choices);
    // Ticks change often: they are no news for a screen reader.
    node.append(h("div", { class: "meta", "aria-live": "off" }));
    return node;
  }

  /** A picture to look at, a file to save, or the name of one that is not there. */
  #file(file) {
    const words = this.words, href = file.url && webAddress(file.url, this.server), link = { href, target: "_blank", rel: "noopener noreferrer" };
    const named = () => [icon("file"), h("span", {}, file.name), h("small", {}, words[file.state] ?? size(file.size))];
    if (!href) return h("span", { class: "file" }, ...named());
    const saved = () => h("a", { class: "file", download: "", "aria-label": words.download(file.name), ...link }, ...named());
    if (!file.image) return saved();
    const picture = h("a", { class: "picture", ...link }, h("img", { src: href, alt: words.picture(file.name), loading: "lazy", onerror: () => picture.replaceWith(saved()) }));
    return picture;
  }

  /** What changes in the life of a message: its ticks and whether its buttons still count. */
  #refresh(node, each, answer) {
    const words = this.words, meta = node.querySelector(".meta"), attached = node.querySelector(".attached");
    // While a message is on its way its files are only named; the server's word on it has their addresses.
    const known = attached && each.attachments.map(file => file.url ?? file.name).join();
    if (attached && attached.dataset.known !== known) {
      attached.dataset.known = known;
      attached.replaceChildren(...each.attachments.map(file => this.#file(file)));
    }
    for (const button of node.querySelectorAll("button.chip")) {
      button.disabled = Boolean(answer);
      if (answer?.text === button.textContent) button.setAttribute("aria-pressed", "true");
    }
    if (!meta || meta.dataset.state === each.state + each.time) return;
    meta.dataset.state = each.state + each.time;
    const failed = each.own && each.state === "failed";
    node.classList.toggle("isfailed", failed);
    if (!each.own) return meta.replaceChildren(h("time", { datetime: each.at }, each.time));
    const reason = failed && (words[each.item.status] || each.item.reason);
    meta.replaceChildren(h("time", { datetime: each.at }, each.time), icon(each.state),
      h("span", { class: failed ? "" : "sr" }, reason ? `${words.failed}: ${reason}` : words[each.state]));
    if (!failed) return meta.removeAttribute("role");
    const again = () => { store.remove(each.item.key); this.#enqueue(each.item.body, each.item.shown); this.#refocus(); };
    const discard = () => { store.remove(each.item.key); this.#paint(); this.#refocus(); };
    meta.setAttribute("role", "alert");
    meta.append(h("button", { type: "button", onclick: again }, words.retry), h("button", { type: "button", onclick: discard }, words.discard));
  }

  #choice(choice) {
    if (!choice.url) return h("button", { type: "button", class: "chip", onclick: () => { this.#enqueue({ choice: choice.id }, { title: choice.title }); this.#refocus(); } }, choice.title);
    const href = webAddress(choice.url, this.server);
    return href ? h("a", { class: "chip", href, target: "_blank", rel: "noopener noreferrer" }, choice.title, icon("out")) : h("span", { class: "chip" }, choice.title);
  }

  #refocus() { if (matchMedia("(pointer: coarse)").matches) this.#ui.scroll.focus({ preventScroll: true }); else this.#ui.field.focus({ preventScroll: true }); }

  /** Day and clock time of a moment, as the customer would write them. */
  #when(at) {
    const date = new Date(at), start = new Date().setHours(0, 0, 0, 0);
    if (Number.isNaN(+date)) return [this.words.today, ""];
    const away = Math.round((start - new Date(date).setHours(0, 0, 0, 0)) / 864e5);
    return [[this.words.today, this.words.yesterday][away] ?? this.#dayFormat.format(date), this.#timeFormat.format(date)];
  }

  #languageOf(text) { return /^zh/i.test(text || "") ? "zh" : "en"; }

  #atBottom() { const { scroll } = this.#ui; return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80; }
  #bottom() { this.#ui.scroll.scrollTop = this.#ui.scroll.scrollHeight; this.#ui.jump.hidden = true; }
  #scrolled() { if (this.#atBottom()) this.#ui.jump.hidden = true; }

  #typing(on) {
    clearTimeout(this.#typingTimer);
    const follow = this.#atBottom();
    this.#ui.typing.hidden = !on;
    if (on) this.#typingTimer = setTimeout(() => this.#typing(false), 30_000);
    if (on && follow) this.#bottom();
  }

  #status() {
    const { bar } = this.#ui;
    const state = !navigator.onLine ? "offline" : this.#stuck || (this.#lost ? "reconnecting" : "");
    const text = state && this.words[state];
    if (bar.textContent !== text) bar.textContent = text;
    bar.hidden = !state;
  }

  #say(text) { this.#ui.notice.textContent = text; this.#ui.notice.hidden = !text; }

  #unread() {
    const read = Number(store.get(this.key + "read") ?? 0), { badge, launcher, short } = this.#ui;
    const count = [...this.#messages.values()].filter(message => message.id > read && message.author !== "contact").length;
    badge.textContent = count > 99 ? "99+" : String(count);
    badge.hidden = !count;
    launcher.setAttribute("aria-label", count ? `${short.textContent}, ${this.words.unread(count)}` : short.textContent);
    // The page's own title is borrowed only while nobody looks at it.
    if (this.#pageTitle !== null) { document.title = this.#pageTitle; this.#pageTitle = null; }
    if (count && document.hidden) { this.#pageTitle = document.title; document.title = `(${badge.textContent}) ${this.#pageTitle}`; }
  }

  #read() {
    if (this.#isOpen && !document.hidden && this.#lastId > Number(store.get(this.key + "read") ?? 0)) store.set(this.key + "read", String(this.#lastId));
    this.#unread();
  }

  // ---- writing ---------------------------------------------------------------------------------------------------------

  #grow() {
    const { field, count, send } = this.#ui, follow = this.#atBottom();
    this.#session("draft", field.value);
    field.style.height = "auto";
    field.style.height = `${Math.max(38, Math.min(132, field.scrollHeight))}px`;
    const length = field.value.length < COUNT_FROM ? field.value.length : [...field.value.trim()].length, left = TEXT_LIMIT - length;
    count.hidden = length < COUNT_FROM;
    count.classList.toggle("over", left < 0);
    count.textContent = left < 0 ? this.words.tooLong(-left) : this.words.left(left);
    send.disabled = left < 0 || this.#files.some(file => file.state === "up") || !(field.value.trim() || this.#files.some(file => file.id));
    if (follow) this.#bottom();
  }

  #submit() {
    const { field, send } = this.#ui;
    if (send.disabled) return;
    const ready = this.#files.filter(file => file.id), text = field.value.trim();
    this.#files = this.#files.filter(file => !file.id);
    if (ready.length) this.#enqueue({ text: text.toWellFormed?.() ?? text, files: ready.map(file => file.id) }, { files: ready.map(file => ({ name: file.name, size: file.size })) });
    else this.send(text);
    field.value = "";
    this.#say(""); this.#staged(); field.focus({ preventScroll: true });
  }

  async #attach(files) {
    this.#say("");
    // A copy: the list empties itself when the field is cleared for the next choice.
    for (const file of [...files]) {
      if (this.#files.length >= FILES_AT_ONCE) { this.#say(this.words.tooMany); break; }
      let blob = file, name = file.name.slice(-100) || "file";
      const photo = file.size > PHOTO_LIMIT && /^image\/(?!svg|gif)/.test(file.type) ? await shrink(file).catch(() => null) : null;
      if (photo) { blob = photo; name = name.replace(/\.\w+$/, "") + ".jpg"; }
      if (blob.size > FILE_LIMIT) this.#say(this.words.tooBig(file.name));
      else if (!blob.size) this.#say(this.words.unreadable(file.name));
      else {
        const staged = { name, size: blob.size, blob };
        this.#files.push(staged);
        this.#upload(staged);
      }
    }
    this.#staged();
    this.#refocus();
  }

  /** Send a file ahead of its message; the message then names it. */
  async #upload(file) {
    file.state = "up";
    file.done = 0;
    this.#staged();
    let token;
    try {
      token = await this.#visitor();
      const made = await this.#put(file, token);
      Object.assign(file, { state: "done", id: made.file_id, name: made.name, blob: null });
    } catch (error) {
      if (error.status === 401) this.#expired(token);
      const forGood = { 413: "tooBig", 422: "unwanted" }[error.status];
      if (this.#files.includes(file)) this.#say(this.words[forGood ?? "unsent"](file.name));
      if (forGood) this.#files = this.#files.filter(each => each !== file);
      file.state = "failed";
    }
    this.#staged();
  }

  /** Post a file and tell how far it has come, which fetch cannot. */
  #put(file, token) {
    return new Promise((resolve, reject) => {
      const request = file.request = new XMLHttpRequest();
      request.open("POST", `${this.server}/chat/v1/files?name=${encodeURIComponent(file.name.toWellFormed?.() ?? file.name)}`);
      request.setRequestHeader("Authorization", `Bearer ${token}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = event => { file.done = event.loaded / event.total; if (file.bar) file.bar.value = file.done; };
      request.onload = () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { /* not from the desk: the status says enough */ }
        if (request.status === 201) resolve(answer); else reject(new RequestError(request.status, String(answer.detail ?? ""), null));
      };
      request.onerror = request.onabort = request.ontimeout = () => reject(new RequestError(0, "", null));
      request.send(file.blob);
    });
  }

  #staged() {
    const words = this.words, drop = file => { this.#files = this.#files.filter(each => each !== file); file.request?.abort(); this.#staged(); this.#refocus(); };
    this.#ui.files.hidden = !this.#files.length;
    this.#ui.files.replaceChildren(...this.#files.map(file => h("span", {}, icon("file"), h("b", {}, file.name),
      file.state === "up" ? (file.bar = h("progress", { max: 1, value: file.done, "aria-label": words.uploading(file.name) }))
        : file.state === "failed" ? h("button", { type: "button", "aria-label": words.again(file.name), onclick: () => this.#upload(file) }, words.retry) : size(file.size),
      h("button", { type: "button", class: "icon", "aria-label": `${words.remove} ${file.name}`, onclick: () => drop(file) }, icon("close")))));
    this.#grow();
  }

  #keys(event) {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      if (this.#ui.menu.hidden) this.close();
      else { this.#menu(false); this.#ui.more.focus(); }
      return;
    }
    // Full screen there is nothing else to see, so Tab stays inside; beside a page it may walk on.
    if (event.key !== "Tab" || !this.#full()) return;
    const stops = [...this.#ui.panel.querySelectorAll("button:enabled,a[href],textarea,input:not([hidden]),[tabindex]")].filter(node => node.getClientRects().length);
    const end = event.shiftKey ? stops[0] : stops.at(-1);
    if (this.shadowRoot.activeElement === end) { event.preventDefault(); (event.shiftKey ? stops.at(-1) : stops[0]).focus(); }
  }

  // ---- going on elsewhere: links to other channels, and an e-mail address ------------------------------------------------

  /** Ask what the server offers; without an answer there is no menu. A link works once, so each opening asks again. */
  async #offer() {
    const token = this.#token;
    if (!token || !this.#isOpen) return;
    const offered = await this.#request("/chat/v1/links", { token }).catch(() => null);
    if (token !== this.#token) return;
    this.#links = (offered?.links ?? []).filter(link => webAddress(link.url));
    this.#mail = Boolean(offered?.email);
    this.#ui.hop.hidden = !this.#links.length && !this.#mail;
  }

  async #toggle() {
    if (!this.#ui.menu.hidden) return this.#menu(false);
    await this.#offer();
    this.#menu(!this.#ui.hop.hidden);
    this.#ui.menu.querySelector("a,button")?.focus();
  }

  #menu(open) {
    const { menu, more } = this.#ui, words = this.words;
    menu.hidden = !open;
    more.setAttribute("aria-expanded", String(open));
    if (!open) return;
    menu.replaceChildren(h("p", {}, words.onNote),
      ...this.#links.map(({ title, url }) => h("a", { href: url, target: "_blank", rel: "noopener noreferrer", onclick: () => this.#menu(false) }, h("span", {}, words.on(title)), icon("out"))));
    if (this.#mail) menu.append(h("button", { type: "button", class: "item", onclick: () => this.#ask("email") }, h("span", {}, words.mail)));
  }

  /** A field for the address, then one for the code; `said` stands above it. */
  #ask(what, said = "", bad = false) {
    const words = this.words, field = h("input", { id: "proof", name: what, required: true, maxlength: "254",
      ...(what === "email" ? { type: "email", autocomplete: "email", value: this.#address } : { inputmode: "numeric", autocomplete: "one-time-code" }) });
    const form = h("form", { onsubmit: event => { event.preventDefault(); this.#prove(what, field.value.trim()); } },
      h("label", { for: "proof" }, what === "email" ? words.address : words.code), field, h("button", { type: "submit" }, what === "email" ? words.sendCode : words.confirm));
    this.#answer(said, bad, form);
    field.focus();
  }

  #answer(said, bad, ...rest) {
    this.#ui.menu.replaceChildren(h("p", { class: bad ? "bad" : "", role: bad ? "alert" : "status", hidden: !said }, said), ...rest);
  }

  async #prove(what, value) {
    const words = this.words, token = this.#token;
    try {
      if (what === "email") {
        this.#address = value;
        await this.#request("/chat/v1/email", { token, body: { email: value, language: this.language } });
        this.#ask("code", words.codeSent(value));
      } else {
        const { email } = await this.#request("/chat/v1/email/code", { token, body: { code: value } });
        this.#answer(words.proved(email), false);
      }
    } catch (error) {
      const code = what === "code", over = code && error.status === 409;
      const said = { 409: code ? words.codeOld : words.codeFailed, 422: code ? words.codeWrong : words.addressWrong, 429: words.codeLater }[error.status];
      this.#ask(over ? "email" : what, said ?? words.codeFailed, true);
    }
  }

  #full() { return matchMedia("(max-width: 479.98px)").matches; }

  /** Full screen the page behind must not scroll. */
  #lock(on) {
    const page = document.documentElement.style, full = on && this.#full();
    if (full === (this.#overflow !== null)) return;
    [page.overflow, this.#overflow] = full ? ["hidden", page.overflow] : [this.#overflow, null];
    this.#ui.panel.setAttribute("aria-modal", String(full));
  }

  /** Phones lay the keyboard over the page: follow what is really visible. */
  #fit() {
    const view = window.visualViewport, { panel } = this.#ui;
    if (!view || !this.#isOpen) return;
    const follow = this.#atBottom();
    this.#lock(true);
    panel.classList.toggle("keys", window.innerHeight - view.height > 120);
    panel.style.setProperty("--height", `${view.height}px`);
    panel.style.setProperty("--top", `${view.offsetTop}px`);
    if (follow) this.#bottom();
  }

  /** Use the accent colour, with black or white on it, whichever reads better. */
  #accent() {
    const accent = this.getAttribute("accent");
    if (!accent || !CSS.supports("color", accent)) { this.style.removeProperty("--accent"); this.style.removeProperty("--on"); return; }
    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    pen.fillStyle = accent;
    pen.fillRect(0, 0, 1, 1);
    // Relative luminance, WCAG 2.2; 0.179 is where black and white contrast equally.
    const [red, green, blue] = [...pen.getImageData(0, 0, 1, 1).data].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    this.style.setProperty("--accent", accent);
    this.style.setProperty("--on", 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff");
  }

  #session(name, value) {
    try {
      if (value === undefined) return sessionStorage.getItem(this.key + name);
      if (value) sessionStorage.setItem(this.key + name, value); else sessionStorage.removeItem(this.key + name);
    } catch { /* storage is blocked: the chat works, it only forgets its draft on reload */ }
    return null;
  }

  #emit(name, detail) { this.dispatchEvent(new CustomEvent(`frontdesk:${name}`, { bubbles: true, composed: true, detail })); }
}

if (!customElements.get("frontdesk-chat")) customElements.define("frontdesk-chat", FrontdeskChat);
})();
