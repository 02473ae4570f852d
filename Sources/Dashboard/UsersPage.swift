package import Access
import CustomerJourney

/// Who may log in, with the form to invite somebody.
package struct UsersPage: Sendable {
  package var rows: [Row]
  /// Roles that the reader may give.
  package var roles: [Role]
  /// What was typed; its problem is in the context at `name`.
  package var name: String
  /// The link that was just made; it is shown only now.
  package var made: Link?

  package struct Row: Sendable {
    package var user: User
    /// `2017-01-01 12:53:26`.
    package var lastLogin: String?
    package var isSelf: Bool
    package var mayChange: Bool

    package init(user: User, lastLogin: String?, isSelf: Bool, mayChange: Bool) {
      self.user = user
      self.lastLogin = lastLogin
      self.isSelf = isSelf
      self.mayChange = mayChange
    }
  }

  package struct Link: Sendable {
    package var name: String
    package var address: String

    package init(name: String, address: String) {
      self.name = name
      self.address = address
    }
  }

  package init(rows: [Row], roles: [Role], name: String = "", made: Link? = nil) {
    self.rows = rows
    self.roles = roles
    self.name = name
    self.made = made
  }
}

/// What programs show instead of a password.
package struct TokensPage: Sendable {
  package var rows: [Row]
  package var name: String
  /// The token that was just made; it is shown only now.
  package var made: Made?

  package struct Row: Sendable {
    package var name: String
    package var scope: TokenScope
    /// Nil when it was made on the command line.
    package var madeBy: String?
    package var expires: String
    package var isOver: Bool
    package var lastUsed: String?

    package init(
      name: String, scope: TokenScope, madeBy: String?, expires: String, isOver: Bool,
      lastUsed: String?
    ) {
      self.name = name
      self.scope = scope
      self.madeBy = madeBy
      self.expires = expires
      self.isOver = isOver
      self.lastUsed = lastUsed
    }
  }

  package struct Made: Sendable {
    package var name: String
    package var token: String

    package init(name: String, token: String) {
      self.name = name
      self.token = token
    }
  }

  package init(rows: [Row], name: String = "", made: Made? = nil) {
    self.rows = rows
    self.name = name
    self.made = made
  }
}

/// Who did what, the newest first.
package struct ActivityPage: Sendable {
  package var rows: [Row]
  /// Where the next page goes on; nil when there is none.
  package var older: Int64?

  package struct Row: Sendable {
    package var time: String
    package var actor: String
    package var action: Activity.Action
    package var subject: String
    package var address: String

    package init(
      time: String, actor: String, action: Activity.Action, subject: String, address: String
    ) {
      self.time = time
      self.actor = actor
      self.action = action
      self.subject = subject
      self.address = address
    }
  }

  package init(rows: [Row], older: Int64? = nil) {
    self.rows = rows
    self.older = older
  }
}

extension Pages {
  package static func usersPage(_ page: UsersPage, _ context: PageContext) -> String {
    let words = context.words
    func choices(_ chosen: Role) -> [Templates.Values] {
      page.roles.map {
        ["id": $0.rawValue, "name": words.role($0), "chosen": $0 == chosen]
      }
    }
    var values: Templates.Values = [
      "name": page.name, "roles": choices(.marketer),
      "table": Role.allCases.map { role in
        ["role": words.role(role), "may": words.mayDo(role)] as Templates.Values
      },
      "rows": page.rows.map { row -> Templates.Values in
        let user = row.user
        return [
          "name": user.name, "role": words.role(user.role), "isSelf": row.isSelf,
          "mayChange": row.mayChange && !row.isSelf, "roles": choices(user.role),
          "field": "role-\(user.id)",
          "state": words[user.hasPassword ? "hasPassword" : "noPasswordYet"],
          "isWaiting": !user.hasPassword, "hasCode": user.hasCode,
          "last": row.lastLogin.map { "\(context.format.date($0)) \($0.dropFirst(11))" } ?? "–",
          "setRole": "/users/\(user.id)/role", "remove": "/users/\(user.id)/remove",
          "link": "/users/\(user.id)/link",
        ]
      },
    ]
    values["made"] = page.made.map { made in
      ["sentence": words.linkFor(made.name), "address": made.address] as Templates.Values
    }
    values["nameProblem"] = context.problem(at: "name")
    return Templates.page(
      "users", context.ofAccount(values), title: words["users"], context: context)
  }

  package static func tokensPage(_ page: TokensPage, _ context: PageContext) -> String {
    let (words, format) = (context.words, context.format)
    var values: Templates.Values = [
      "name": page.name, "isEmpty": page.rows.isEmpty, "mostDays": Limits.tokenDays,
      "scopes": TokenScope.allCases.map {
        ["id": $0.rawValue, "name": words.scope($0)] as Templates.Values
      },
      "rows": page.rows.map { row -> Templates.Values in
        [
          "name": row.name, "scope": words.scope(row.scope),
          "madeBy": row.madeBy ?? words["onCommandLine"],
          "expires": format.date(row.expires), "isOver": row.isOver,
          "last": row.lastUsed.map { "\(format.date($0)) \($0.dropFirst(11))" } ?? "–",
          "remove": "/tokens/\(Query.encode(row.name))/remove",
        ]
      },
    ]
    values["made"] = page.made.map { made in
      ["sentence": words.tokenFor(made.name), "token": made.token] as Templates.Values
    }
    values["nameProblem"] = context.problem(at: "name")
    values["daysProblem"] = context.problem(at: "days")
    return Templates.page(
      "tokens", context.ofAccount(values), title: words["tokens"], context: context)
  }

  package static func activityPage(_ page: ActivityPage, _ context: PageContext) -> String {
    let words = context.words
    let values: Templates.Values = [
      "isEmpty": page.rows.isEmpty,
      "rows": page.rows.map { row -> Templates.Values in
        [
          "time": "\(context.format.date(row.time)) \(row.time.dropFirst(11))",
          "actor": row.actor == Activity.commandLine
            ? words["onCommandLine"] : row.actor.isEmpty ? words["somebody"] : row.actor,
          "action": words.action(row.action), "subject": row.subject, "address": row.address,
          "isBad": row.action == .loginFailed,
        ]
      },
      "older": page.older.map { context.link("/activity", with: [("before", String($0))]) }
        ?? false,
    ]
    return Templates.page(
      "activity", context.ofAccount(values), title: words["activity"], context: context)
  }
}
