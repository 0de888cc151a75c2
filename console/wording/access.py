"""Words about signing in, users, teams, tokens and the audit."""

WORDS: dict[str, tuple[str, str]] = {
    "problem.not_allowed": (
        "Your role does not include this. An admin can change your role.",
        "您的角色没有这项权限，如有需要请联系管理员调整。",
    ),
    # Signing in
    "sign_in.email": ("E-mail", "邮箱"),
    "sign_in.password": ("Password", "密码"),
    "sign_in.new_password": ("New password", "新密码"),
    "sign_in.password_hint": (
        "At least 10 characters. A sentence is easier to remember than a riddle.",
        "至少 10 个字符。一句话比一串乱码更好记。",
    ),
    "sign_in.forgotten": (
        "Forgotten your password? An admin or manager can send you a new link.",
        "忘记密码？请联系管理员或主管，让他们发给您一个新的链接。",
    ),
    "sign_in.with": ("Sign in with {name}", "使用 {name} 登录"),
    "sign_in.by_token": ("Use the console token", "使用控制台令牌"),
    "sign_in.enter_by_token": ("Sign in with the token", "用令牌登录"),
    "sign_in.nobody": (
        "Nobody can sign in yet. Whoever runs Frontdesk can add the first account: frontdesk users add",
        "目前还没有可以登录的账号。请运行 Frontdesk 的同事添加第一个账号：frontdesk users add",
    ),
    "sign_in.refused": (
        "E-mail or password are not right. Check both and try again.",
        "邮箱或密码不正确，请检查后重试。",
    ),
    "sign_in.wrong_code": (
        "That code is not right, or was used already. Wait for the next one.",
        "验证码不正确或已经用过，请等下一个验证码。",
    ),
    "sign_in.too_late": (
        "That took too long. Sign in again.",
        "操作超时，请重新登录。",
    ),
    "sign_in.token_over": (
        "The token was there to make the first account. Sign in with your account now.",
        "令牌只用于创建第一个账号，现在请用您的账号登录。",
    ),
    "sign_in.name_taken": (
        "Somebody with an account has this name. Choose another, or sign in with the account.",
        "这个名字已被某个账号使用。请换一个名字，或用该账号登录。",
    ),
    "sign_in.plain": (
        "This connection is not encrypted.",
        "当前连接没有加密。",
    ),
    "sign_in.plain_lead": (
        "Anybody on the way could read your password. Open the console over https, or on the machine on which "
        "Frontdesk runs. Whoever runs it sets FRONTDESK_PUBLIC_URL to its https address.",
        "密码可能会被他人截获。请通过 https 打开控制台，或直接在运行 Frontdesk 的电脑上打开。"
        "运维人员需要把 FRONTDESK_PUBLIC_URL 设为 https 地址。",
    ),
    "sign_in.weak": (
        "Choose a longer password: 10 characters or more, not your name or address.",
        "密码太简单：至少 10 个字符，并且不能是您的名字或邮箱。",
    ),
    "sign_in.taken": (
        "Somebody else has this name or address already.",
        "这个名字或邮箱已被使用。",
    ),
    "sign_in.has_admin": (
        "There is an admin already. Sign in with an account.",
        "已经有管理员了，请用账号登录。",
    ),
    "sign_in.no_name_or_email": (
        "Give a name and an e-mail address.",
        "请填写名字和邮箱。",
    ),
    "sign_in.code_title": ("One more step", "还差一步"),
    "sign_in.code_lead": (
        "Open the app on your phone and type the code that it shows for Frontdesk.",
        "请打开手机上的验证器应用，输入 Frontdesk 对应的验证码。",
    ),
    "sign_in.code": ("Code", "验证码"),
    "sign_in.code_lost": (
        "No phone at hand? One of your recovery codes will do.",
        "手机不在身边？也可以输入一个恢复码。",
    ),
    "sign_in.link_over": (
        "This link was used already, or is too old. Ask an admin or manager for a new one.",
        "这个链接已被使用或已过期，请联系管理员或主管获取新的链接。",
    ),
    "sign_in.first_lead": (
        "Is Frontdesk here to stay? Make an account with a password, and invite your team.",
        "打算长期使用 Frontdesk？请创建一个带密码的账号，再邀请您的团队。",
    ),
    "sign_in.first": ("Make the first account", "创建第一个账号"),
    "welcome.title": ("Choose a password", "设置密码"),
    "welcome.lead": (
        "Hello {name}. This link works once; after that you sign in with your address and password.",
        "{name}，您好。这个链接只能使用一次，之后请用邮箱和密码登录。",
    ),
    "first.title": ("Make the first account", "创建第一个账号"),
    "first.lead": (
        "It is an admin's: it can invite everybody else. The link that you came by opens nothing after that.",
        "这是管理员账号，可以邀请其他人。创建之后，您刚才使用的链接就不再有效。",
    ),
    "first.lead_stays": (
        "It is an admin's: it can invite everybody else. The token in the settings of Frontdesk goes on opening the "
        "console until it is taken out of there.",
        "这是管理员账号，可以邀请其他人。Frontdesk 设置里的令牌仍然可以进入控制台，直到从设置中移除。",
    ),
    "first.make": ("Make the account", "创建账号"),
    # Single sign-on
    "sign_in.sso_lost": (
        "This sign-in was not begun in this browser, or took too long. Begin again.",
        "这次登录不是从本浏览器发起的，或已超时，请重新登录。",
    ),
    "sign_in.sso_refused": (
        "The sign-in was not finished over there. Try again.",
        "单点登录没有完成，请重试。",
    ),
    "sign_in.sso_away": (
        "Your company's sign-in cannot be reached right now. Try again in a moment.",
        "暂时无法连接公司的登录服务，请稍后再试。",
    ),
    "sign_in.sso_unknown": (
        "You could not be signed in. Ask an admin to invite you under the address that you use there.",
        "无法登录。请联系管理员，用您在登录服务中的邮箱邀请您。",
    ),
    # Roles
    "role.viewer": ("Viewer", "只读成员"),
    "role.agent": ("Agent", "客服"),
    "role.marketer": ("Marketer", "营销人员"),
    "role.manager": ("Manager", "主管"),
    "role.admin": ("Admin", "管理员"),
    # Users
    "users.title": ("Users", "成员"),
    "users.name": ("Name", "名字"),
    "users.role": ("Role", "角色"),
    "users.role_hint": (
        "Agents answer customers, marketers see figures and segments, viewers only look. Only admins make managers.",
        "客服回复客户，营销人员查看数据和分群，只读成员只能查看。只有管理员可以任命主管。",
    ),
    "users.role_change_hint": (
        "Another role signs them out.",
        "更改角色后，对方需要重新登录。",
    ),
    "users.team": ("Team", "团队"),
    "users.no_team": ("No team", "不属于任何团队"),
    "users.state": ("State", "状态"),
    "users.active": ("Active", "正常"),
    "users.invited": ("Invited", "已邀请"),
    "users.disabled": ("Disabled", "已停用"),
    "users.two_steps": ("Two steps", "两步验证"),
    "users.empty": ("No accounts yet", "还没有账号"),
    "users.empty_lead": (
        "Everybody here came with the console's token. Make an account for yourself first, then invite your team.",
        "目前大家都是通过控制台令牌进入的。请先为自己创建账号，再邀请团队成员。",
    ),
    "users.invite": ("Invite somebody", "邀请成员"),
    "users.invite_go": ("Make the invitation", "生成邀请"),
    "users.link_title": ("Send them this link", "请把这个链接发给对方"),
    "users.link_lead": (
        "They choose their password with it. It works once, and is shown only now. Earlier links are void.",
        "对方可以用它设置密码。链接只能使用一次，并且只在此刻显示，之前的链接随即失效。",
    ),
    "users.link": ("The link", "链接"),
    "users.account": ("Account", "账号"),
    "users.save": ("Save", "保存"),
    "users.changed": ("Saved.", "已保存。"),
    "users.facts": ("Signing in", "登录情况"),
    "users.since": ("Here since", "加入时间"),
    "users.last": ("Last signed in", "上次登录"),
    "users.never": ("Never", "从未"),
    "users.sessions": ("Open sessions", "当前登录数"),
    "users.new_link": ("New link for a password", "生成设置密码的链接"),
    "users.sign_out": ("Sign out everywhere", "让其全部退出"),
    "users.is_out": ("They are signed out everywhere.", "对方已从所有设备退出。"),
    "users.drop_step": ("Stop asking for a code", "取消两步验证"),
    "users.no_step_now": (
        "They sign in with the password alone now.",
        "对方现在只需密码即可登录。",
    ),
    "users.leaving": ("Leaving", "离开"),
    "users.leaving_lead": (
        "Who is disabled cannot sign in. Their open conversations go back to the queue, their tickets to nobody.",
        "停用后对方无法登录，其进行中的对话会回到队列，工单会变为未分配。",
    ),
    "users.disable": ("Disable", "停用"),
    "users.enable": ("Enable again", "重新启用"),
    "users.is_disabled": ("They cannot sign in any more.", "对方已无法登录。"),
    "users.is_enabled": ("They can sign in again.", "对方可以再次登录了。"),
    "users.delete": ("Delete", "删除"),
    "users.delete_sure": (
        "Delete the account of {name}. What they said and did stays.",
        "删除 {name} 的账号。其过往的发言和操作会保留。",
    ),
    "problem.last_admin": (
        "This is the last admin who can sign in. Make another one first.",
        "这是最后一位可以登录的管理员，请先任命另一位。",
    ),
    "problem.not_yours_to_grant": (
        "Only an admin may change admins and managers, or make some.",
        "只有管理员可以任命或更改管理员和主管。",
    ),
    "problem.agent_name": (
        "Another agent has this name already. Choose another.",
        "已有另一位客服使用这个名字，请换一个。",
    ),
    "problem.wrong_password": ("That is not your present password.", "当前密码不正确。"),
    "problem.tick_first": ("Tick the box first.", "请先勾选确认。"),
    # Teams
    "teams.title": ("Teams", "团队"),
    "teams.name": ("Team", "团队"),
    "teams.members": ("Members", "成员"),
    "teams.from": ("Where it stands", "来源"),
    "teams.from_file": ("Rules file", "规则文件"),
    "teams.from_console": ("Console", "控制台"),
    "teams.channel": ("Channel on the agents' desk", "客服工作台的频道"),
    "teams.channel_hint": (
        "Leave it empty if the team has none of its own.",
        "没有专用频道可以留空。",
    ),
    "teams.add": ("Add a team", "添加团队"),
    "teams.add_go": ("Add the team", "添加"),
    "teams.remove": ("Remove", "移除"),
    "teams.empty": ("No teams yet", "还没有团队"),
    "teams.empty_lead": (
        "Teams share conversations and tickets. Add one here, or write it into the rules file.",
        "团队成员共同处理对话和工单。可以在这里添加，也可以写进规则文件。",
    ),
    "problem.team_taken": ("There is a team of that name already.", "已有同名的团队。"),
    "problem.team_name": ("A team needs a name.", "请填写团队名称。"),
    # Tokens
    "tokens.title": ("API tokens", "API 令牌"),
    "tokens.lead": (
        "A program shows its token to use the API. It may do what its role may, of what is ticked.",
        "程序凭令牌使用 API，权限是其角色权限中勾选的部分。",
    ),
    "tokens.name": ("Name", "名称"),
    "tokens.name_hint": ("What it is for, such as: the warehouse", "用途，例如：数据仓库"),
    "tokens.scopes": ("May", "权限"),
    "tokens.scopes_hint": ("Tick as little as will do.", "只勾选必要的权限。"),
    "tokens.used": ("Last used", "上次使用"),
    "tokens.until": ("Good until", "有效期"),
    "tokens.for_ever": ("Until revoked", "直到撤销"),
    "tokens.days": ("{n} days", "{n} 天"),
    "tokens.revoke": ("Revoke", "撤销"),
    "tokens.revoked": ("Revoked", "已撤销"),
    "tokens.over": ("Over", "已过期"),
    "tokens.make": ("Make a token", "创建令牌"),
    "tokens.make_go": ("Make the token", "创建"),
    "tokens.made": ("The token of {name}", "{name} 的令牌"),
    "tokens.made_lead": (
        "Copy it now: nobody can be shown it again.",
        "请立即复制，之后将无法再次查看。",
    ),
    "tokens.token": ("Token", "令牌"),
    "tokens.empty": ("No tokens yet", "还没有令牌"),
    "tokens.empty_lead": (
        "Make one for each program, so that each can be revoked alone.",
        "请为每个程序单独创建令牌，以便单独撤销。",
    ),
    "problem.token": (
        "A token needs a name and at least one tick.",
        "请填写名称，并至少勾选一项权限。",
    ),
    # The record
    "audit.title": ("Audit", "审计记录"),
    "audit.lead": (
        "Who saw, changed, sent and took along what. Rows are only added; frontdesk audit verify looks whether any "
        "was changed.",
        "谁查看、更改、发送、导出了什么。记录只会增加，可用 frontdesk audit verify 检查是否被改动。",
    ),
    "audit.number": ("No.", "编号"),
    "audit.at": ("When", "时间"),
    "audit.who": ("Who", "人员"),
    "audit.deed": ("Did", "操作"),
    "audit.thing": ("What", "对象"),
    "audit.detail": ("Details", "详情"),
    "audit.since": ("From (UTC)", "起始日期（UTC）"),
    "audit.until": ("To (UTC)", "截止日期（UTC）"),
    "audit.csv": ("Download as CSV", "下载 CSV"),
    "audit.empty": ("Nothing here", "没有记录"),
    "audit.empty_lead": (
        "As soon as somebody opens a conversation or changes something, it is written here.",
        "有人查看对话或更改内容后，就会记录在这里。",
    ),
    "audit.empty_here": ("Nothing fits this filter.", "没有符合筛选条件的记录。"),
    # One's own account
    "profile.title": ("Your account", "我的账号"),
    "profile.no_account": ("You came with the console's token", "您是通过控制台令牌进入的"),
    "profile.no_account_lead": (
        "You have no account of your own, so there is no password to change.",
        "您还没有自己的账号，因此没有可以更改的密码。",
    ),
    "profile.old": ("Present password", "当前密码"),
    "profile.change_password": ("Change the password", "更改密码"),
    "profile.password_changed": (
        "Your password is changed. All other sessions have ended.",
        "密码已更改，其他登录均已退出。",
    ),
    "profile.step": ("Second step", "两步验证"),
    "profile.step_on": ("On", "已开启"),
    "profile.step_off": ("Off", "未开启"),
    "profile.step_lead": (
        "With a code from an app on your phone, a stolen password alone opens nothing.",
        "开启后登录还需输入手机应用上的验证码，即使密码泄露也无法登录。",
    ),
    "profile.step_set_up": ("Set up", "开始设置"),
    "profile.step_read": (
        "Read this picture with the app on your phone, then type the code that it shows.",
        "请用手机上的验证器应用扫描二维码，然后输入显示的验证码。",
    ),
    "profile.step_picture": ("A QR code for the app", "供验证器扫描的二维码"),
    "profile.step_type": ("No camera? Type this into the app:", "无法扫描？请在应用中输入："),
    "profile.step_confirm": ("Turn it on", "开启"),
    "profile.step_left": ("Recovery codes left: {n}", "剩余恢复码：{n} 个"),
    "profile.step_stop": ("Turn it off", "关闭"),
    "profile.step_stopped": ("No code is asked for any more.", "两步验证已关闭。"),
    "profile.codes": ("Your recovery codes", "您的恢复码"),
    "profile.codes_lead": (
        "Each gets you in once without your phone. Keep them where only you can read them: they are shown only now.",
        "手机不在身边时，每个恢复码可以登录一次。请妥善保存，它们只在此刻显示。",
    ),
    "profile.sessions": ("Where you are signed in", "登录位置"),
    "profile.this_one": ("This one", "当前"),
    "profile.end_others": ("End the others", "退出其他登录"),
}
