import Access
import CustomerJourney
import Dashboard

extension PageSet {
  /// The pages before and around the login.
  static func access(_ language: Language) -> [(path: String, html: String)] {
    func outside(_ path: String, _ problems: [FieldProblem] = []) -> PageContext {
      var context = context(path, language, problems: problems)
      context.reader = nil
      return context
    }
    func login(_ path: String, _ page: LoginPage) -> (path: String, html: String) {
      (path, Pages.loginPage(page, outside(path)))
    }
    let short = FieldProblem(field: "password", message: "Too short.", text: "")
    return [
      login("/login", LoginPage(next: "/")),
      login("/login-wrong", LoginPage(next: "/", name: "ann", problem: .wrong)),
      login("/login-wait", LoginPage(next: "/", name: "ann", problem: .wait(seconds: 512))),
      login("/login-first", LoginPage(next: "/", isFirst: true)),
      login("/login/code", LoginPage(asks: .code, next: "/")),
      login("/login/code-wrong", LoginPage(asks: .code, next: "/", problem: .wrong)),
      (
        "/welcome",
        Pages.welcomePage(
          WelcomePage(token: "t0ken", name: "owner", role: .owner), outside("/welcome"))
      ),
      (
        "/welcome-problem",
        Pages.welcomePage(
          WelcomePage(token: "t0ken", name: "ann", role: .analyst),
          outside("/welcome-problem", [short]))
      ),
      ("/welcome-over", Pages.welcomePage(WelcomePage(token: nil), outside("/welcome-over"))),
    ] + account(language, short) + people(language)
  }

  private static let ann = User(
    id: 1, name: "Ann <b>", role: .owner, created: .epoch, hasPassword: true)

  private static func account(
    _ language: Language, _ short: FieldProblem
  ) -> [(path: String, html: String)] {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    let sessions = [
      AccountPage.Device(
        id: 1, name: agent, address: "192.0.2.7", lastUsed: "2025-12-31 23:58:01", isThis: true),
      AccountPage.Device(
        id: 2, name: "", address: "2001:db8::7", lastUsed: "2025-12-30 08:00:00", isThis: false),
    ]
    var coded = ann
    coded.hasCode = true
    var bare = ann
    bare.hasPassword = false
    let codes = (0..<10).map { "x7kq-m2dp-9rv\($0)" }
    let app = OneTimeCode(key: Array("12345678901234567890".utf8))
    let code = CodePage(key: app.base32, groups: app.groups, link: app.link(user: "Ann"))
    let wrong = FieldProblem(field: "code", message: "Not now.", text: "")
    return [
      (
        "/account",
        Pages.accountPage(
          AccountPage(user: ann, sessions: sessions), context("/account", language))
      ),
      (
        "/account-coded",
        Pages.accountPage(
          AccountPage(
            user: coded, recoveryCodes: 10, sessions: sessions,
            done: .codeOn(recoveryCodes: codes)), context("/account-coded", language))
      ),
      (
        "/account-new",
        Pages.accountPage(
          AccountPage(user: bare, sessions: sessions),
          context("/account-new", language, problems: [short]))
      ),
      ("/account/code", Pages.codePage(code, context("/account/code", language))),
      (
        "/account/code-wrong",
        Pages.codePage(code, context("/account/code-wrong", language, problems: [wrong]))
      ),
    ]
  }

  private static func people(_ language: Language) -> [(path: String, html: String)] {
    let taken = FieldProblem(field: "name", message: "Taken.", text: "ann")
    var rows = [
      UsersPage.Row(user: ann, lastLogin: "2025-12-31 23:58:01", isSelf: true, mayChange: true)
    ]
    for (id, role) in Role.allCases.enumerated() {
      let user = User(
        id: Int64(id + 2), name: "\(role.rawValue)@shop.example", role: role, created: .epoch,
        hasPassword: id % 2 == 0, hasCode: id == 2)
      rows.append(.init(user: user, lastLogin: nil, isSelf: false, mayChange: role != .owner))
    }
    let users = UsersPage(
      rows: rows, roles: Role.allCases,
      made: .init(name: "bob", address: "http://127.0.0.1:8080/welcome?token=Zq3xV0b7kT1mN5pR9"))
    let tokens = TokensPage(
      rows: [
        .init(
          name: "dashboards", scope: .read, madeBy: "Ann", expires: "2026-12-31 23:58:01",
          isOver: false, lastUsed: "2025-12-31 23:58:01"),
        .init(
          name: "old", scope: .write, madeBy: nil, expires: "2024-12-31 23:58:01", isOver: true,
          lastUsed: nil),
      ], made: .init(name: "dashboards", token: "klantreis_Zq3xV0b7kT1mN5pR9sW2yD4fG6hJ8lC"))
    let activity = ActivityPage(
      rows: Activity.Action.allCases.map {
        .init(
          time: "2025-12-31 23:58:01", actor: $0 == .loginFailed ? "" : "Ann", action: $0,
          subject: "Buyers & <friends>", address: "192.0.2.7")
      }, older: 17)
    return [
      ("/users", Pages.usersPage(users, context("/users", language))),
      (
        "/users-problem",
        Pages.usersPage(
          UsersPage(rows: rows, roles: [.analyst], name: "ann"),
          context("/users-problem", language, problems: [taken]))
      ),
      ("/tokens", Pages.tokensPage(tokens, context("/tokens", language))),
      (
        "/tokens-none",
        Pages.tokensPage(
          TokensPage(rows: [], name: "ann"), context("/tokens-none", language, problems: [taken]))
      ),
      ("/activity", Pages.activityPage(activity, context("/activity", language))),
      (
        "/activity-none",
        Pages.activityPage(ActivityPage(rows: []), context("/activity-none", language))
      ),
    ]
  }
}
