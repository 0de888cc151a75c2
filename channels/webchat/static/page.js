/* The demo shop's page: its two languages, and the buttons that open the chat. */
(() => {
"use strict";

const CHINESE = {
  page: "灯叶家居：为安静的夜晚而作", skip: "跳到正文", shop: "灯叶家居", nav: "主导航", navGoods: "商品", navFacts: "配送", navHelp: "帮助",
  headline: "好光，\n给安静的夜晚", lead: "灯具、茶器、柔软的织物，小批量制作，用心寄出。告诉我们您晚上在哪儿看书，我们帮您挑一盏合适的灯。",
  browse: "看看商品", talk: "问个问题", scene: "夜晚的木桌上有一盏纸灯、一把茶壶和一只茶杯",
  goods: "为夜晚而作", goodsNote: "看中了哪件？在聊天里问我们就好。", order: "咨询",
  lamp: "纸灯笼台灯", lampNote: "和纸灯罩，橡木底座", pot: "玻璃茶壶 600 毫升", potNote: "带细密玻璃滤网", cushion: "亚麻抱枕套", cushionNote: "水洗亚麻，45 × 45 厘米",
  cups: "双层玻璃杯（2 只装）", cupsNote: "茶是热的，手不烫",
  help: "有什么想问的？", helpNote: "选一个问题，聊天窗口会直接为您解答。",
  track: "我的订单到哪了？", trackNote: "物流状态和预计送达时间", refund: "退货与退款", refundNote: "申请退款，或查看进度",
  invoice: "发票", invoiceNote: "查找并获取发票", person: "转人工客服", personNote: "客服看得到前面的对话，随时接手",
  ship: "满 50 美元免运费", shipNote: "标准配送，美国境内 3 至 5 个工作日；也可选特快配送或自提点取货。",
  back: "30 天内可退", backNote: "未使用且包装完好即可退货，质量问题运费由我们承担。",
  hours: "有真人客服", hoursNote: "智能助手全天在线，人工客服周一至周六为您服务。",
  demo: "灯叶家居是 Frontdesk 的演示商店，页面上的商品并不出售。",
};

/** What the buttons say to the chat. */
const QUESTIONS = {
  en: {
    lampAsk: "Is the paper lantern lamp in stock?", potAsk: "Is the glass teapot in stock?", cushionAsk: "Is the linen cushion cover in stock?",
    cupsAsk: "Are the double-walled cups in stock?", trackAsk: "Where is my order?", refundAsk: "I would like a refund",
    invoiceAsk: "I am looking for my invoice", personAsk: "Can I talk to a person?",
  },
  zh: {
    lampAsk: "纸灯笼台灯有货吗？", potAsk: "玻璃茶壶有货吗？", cushionAsk: "亚麻抱枕套有货吗？", cupsAsk: "双层玻璃杯有货吗？",
    trackAsk: "我的订单到哪了？", refundAsk: "我想申请退款", invoiceAsk: "我想查一下发票", personAsk: "我要转人工客服",
  },
};

const chat = document.querySelector("frontdesk-chat"), swap = document.querySelector(".swap");
const texts = [...document.querySelectorAll("[data-text]")], labels = [...document.querySelectorAll("[data-label]")];
// The page itself is written in English: remember it before anything is replaced.
const ENGLISH = Object.fromEntries([["page", document.title], ...texts.map(node => [node.dataset.text, node.textContent]),
  ...labels.map(node => [node.dataset.label, node.getAttribute("aria-label")])]);
let language = "en";

function show(value) {
  language = value;
  const words = language === "zh" ? CHINESE : ENGLISH;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = words.page;
  for (const node of texts) node.textContent = words[node.dataset.text];
  for (const node of labels) node.setAttribute("aria-label", words[node.dataset.label]);
  swap.textContent = language === "zh" ? "English" : "中文";
  swap.lang = language === "zh" ? "en" : "zh-CN";
  swap.setAttribute("aria-label", language === "zh" ? "Switch to English" : "切换到中文");
}

function remembered() {
  try { return localStorage.getItem("lanternleaf:language"); } catch { return null; }
}

swap.addEventListener("click", () => {
  show(language === "zh" ? "en" : "zh");
  chat.setAttribute("language", language);
  try { localStorage.setItem("lanternleaf:language", language); } catch { /* storage is blocked: the choice holds for this visit */ }
});
document.addEventListener("click", event => {
  const button = event.target.closest("[data-ask],[data-open]");
  if (!button) return;
  chat.open();
  if (button.dataset.ask) chat.send(QUESTIONS[language][button.dataset.ask]);
});

// A link may name the language: /?lang=zh
const asked = new URLSearchParams(location.search).get("lang");
const start = asked || remembered() || navigator.language;
show(/^zh/i.test(start) ? "zh" : "en");
// The chat comes after this script and takes the page's language, unless the customer chose another one there.
if (asked) customElements.whenDefined("frontdesk-chat").then(() => chat.setAttribute("language", language));
})();
