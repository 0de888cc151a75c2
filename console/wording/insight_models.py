"""Words about models of people: how good they are, what they go by, and what they expect."""

WORDS: dict[str, tuple[str, str]] = {
    "insight.section.value": ("Money in 90 days, by a model", "90 天消费预测"),
    "insight.between": ("95%: {low} to {high}", "95% 区间：{low} 至 {high}"),
    "insight.expected_purchases": ("Purchases in a year", "预计一年购买次数"),
    "insight.still": ("Customers still", "仍是客户"),
    "insight.still_note": ("expected of {n} buyers", "{n} 位买家中的预期人数"),
    "insight.simple": ("By the rule of thumb", "简单公式估算"),
    "insight.simple_note": ("worth of one customer", "单个客户价值"),
    "insight.simple_how": (
        "Rule of thumb: customer value = average revenue a year × lifetime = {revenue} × {lifetime} years = {value}. "
        "Revenue is the mean of the {buyers} who bought in the last 365 days; lifetime = 1 / churn, and churn is the "
        "share of those who bought in the 365 days before and not since ({lost}). It takes everybody to be alike and "
        "has no end, so it is no sum of the figures above.",
        "简单公式：客户价值 = 年均收入 × 客户生命周期 = {revenue} × {lifetime} 年 = {value}。年均收入取最近 365 "
        "天内购买的 "
        "{buyers} 人的平均值；生命周期 = 1 ÷ 流失率，流失率为再往前 365 天内购买、之后未再购买的客户比例（{lost}）。"
        "该公式假定所有客户相同且不设期限，因此与上面的数字不可直接比较。",
    ),
    "insight.no_simple": (
        "The rule of thumb (average revenue × lifetime) needs two years of purchases to tell how many were lost.",
        "简单公式（年均收入 × 客户生命周期）需要两年的购买记录才能得出流失率。",
    ),
    "insight.value_how": (
        "BG/NBD (r {r}, α {alpha}, a {a}, b {b}) and Gamma-Gamma (p {p}, q {q}, v {v}) by maximum likelihood on "
        "{people} buyers, {repeaters} of whom bought again; the next {weeks} weeks, not discounted. The interval "
        "draws "
        "parameters from the covariance of the fit (inverse Hessian) and purchases from the model.",
        "BG/NBD（r {r}、α {alpha}、a {a}、b {b}）与 Gamma-Gamma（p {p}、q {q}、v {v}）模型，最大似然估计，基于 "
        "{people} 位买家"
        "（其中 {repeaters} 位再次购买）；未来 {weeks} 周，不折现。区间由拟合协方差（海森矩阵的逆）"
        "抽取参数并按模型模拟购买得出。",
    ),
    "insight.value_tried": (
        "Tried on the past: {weeks} weeks ago it would have told {expected} purchases of {people} buyers for the time "
        "since; {actual} came (the same rate as before would have told {naive}). Off by {error} a buyer on average.",
        "回测：{weeks} 周前对 {people} 位买家预测此后购买 {expected} 次，实际 {actual} 次（按原有频率推算为 "
        "{naive} 次）；"
        "平均每位买家误差 {error} 次。",
    ),
    "insight.auc": ("ROC AUC, later time", "ROC AUC（按时间）"),
    "insight.auc_note": (
        "95%: {low}–{high}; random folds {chance}",
        "95%：{low}–{high}；随机折 {chance}",
    ),
    "insight.ap": ("Average precision", "平均精确率"),
    "insight.ap_note": ("a guess has {rate}", "随机猜测为 {rate}"),
    "insight.ece": ("Calibration error", "校准误差"),
    "insight.ece_note": (
        "Brier {brier}; of the rate {of_rate}",
        "Brier {brier}；常数预测 {of_rate}",
    ),
    "insight.model_how": (
        "Chosen: {model}, the best on later time of those below; calibrated. Learnt from {rows} rows, people at "
        "{moments} moments {days} days apart, each with what was known then and what came in the {days} days after. "
        "Judged on the last moment, from which nothing was learnt.",
        "选用：{model}（在较晚时间上表现最好），已校准。训练数据 {rows} 行：客户在相隔 {days} 天的 {moments} "
        "个时点的已知情况，"
        "以及其后 {days} 天的结果。以未参与训练的最后一个时点评估。",
    ),
    "insight.amount_how": (
        "Chosen: {model}. Learnt from {rows} rows, people at {moments} moments {days} days apart; judged on the last.",
        "选用：{model}。训练数据 {rows} 行：客户在相隔 {days} 天的 {moments} 个时点；以最后一个时点评估。",
    ),
    "insight.mae": ("Mean error", "平均误差"),
    "insight.mae_note": ("of telling everybody the mean: {mean}", "统一预测均值时：{mean}"),
    "insight.rmse": ("Root mean square error", "均方根误差"),
    "insight.explained": ("Explained", "解释度（R²）"),
    "insight.bias": ("bias {bias}", "偏差 {bias}"),
    "insight.tried": ("Models tried", "候选模型"),
    "insight.model": ("Model", "模型"),
    "insight.by_time": ("later time", "按时间"),
    "insight.by_chance": ("random folds", "随机折"),
    "insight.tried_auc": (
        "ROC AUC: mean over blocks of later time, by which the model is chosen; random folds flatter.",
        "ROC AUC：按时间分块的均值（据此选择模型）；随机折通常偏高。",
    ),
    "insight.tried_rmse": (
        "Root mean square error in money: mean over blocks of later time, by which the model is chosen.",
        "均方根误差（金额）：按时间分块的均值，据此选择模型。",
    ),
    "insight.odds": ("Odds ratios", "优势比"),
    "insight.odds_how": (
        "Logistic regression on the features that matter most, all others held: the factor for each standard "
        "deviation "
        "or word, with its 95% Wald interval. One person stands in it at several moments: take it a little wider.",
        "对最重要特征的逻辑回归，其余不变时每增加一个标准差（或取该值）的优势倍数及 95% Wald 区间。"
        "同一客户出现在多个时点，区间略偏窄。",
    ),
    "insight.factor": ("Odds × (95%)", "优势倍数（95%）"),
    "insight.more_of": ("{name}: {step} more", "{name}：每增加 {step}"),
    "insight.is": ("{name}: {word}", "{name}：{word}"),
    "insight.is_missing": ("{name}: not known", "{name}：未知"),
    "insight.is_rare": ("{name}: a rare one", "{name}：少见值"),
    "insight.leaves": ("Rules", "规则"),
    "insight.leaves_how": (
        "Leaves of a decision tree of three levels, on the rows it was learnt from: how often it happened there.",
        "三层决策树的叶节点（基于训练数据）：该部分的发生率。",
    ),
    "insight.rate": ("Rate", "发生率"),
    "insight.lift": ("lift", "提升度"),
    "insight.loss": ("loss", "损失"),
    "insight.predicted": ("predicted", "预测"),
    "insight.happened": ("happened", "实际发生"),
    "insight.spent": ("spent", "实际消费"),
    "insight.came": ("{actual}, {n} people", "{actual}，{n} 人"),
}
