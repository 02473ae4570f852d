package import Access
import CustomerJourney

/// Where people log in. The form posts `name` and `password` to `/login`, or `code` to `/login/code`.
package struct LoginPage: Sendable {
  package enum Asks: Sendable { case password, code }

  package enum Problem: Sendable, Hashable {
    case wrong
    case wait(seconds: Int)
    case busy
  }

  package var asks: Asks
  /// Where the login leads: always a path of this server.
  package var next: String
  package var name: String
  package var problem: Problem?
  /// True while nobody has a password.
  package var isFirst: Bool

  package init(
    asks: Asks = .password, next: String, name: String = "", problem: Problem? = nil,
    isFirst: Bool = false
  ) {
    self.asks = asks
    self.next = next
    self.name = name
    self.problem = problem
    self.isFirst = isFirst
  }
}

/// Where a new user chooses a name and a password; without token the link is over.
package struct WelcomePage: Sendable {
  package var token: String?
  package var name: String
  package var role: Role

  package init(token: String?, name: String = "", role: Role = .analyst) {
    self.token = token
    self.name = name
    self.role = role
  }
}

/// Somebody's own page.
package struct AccountPage: Sendable {
  package var user: User
  package var recoveryCodes: Int
  /// The last used first.
  package var sessions: [Device]
  /// What was just done.
  package var done: Done?

  package struct Device: Sendable {
    package var id: Int64
    /// What the browser says it is.
    package var name: String
    package var address: String
    /// `2017-01-01 12:53:26`.
    package var lastUsed: String
    package var isThis: Bool

    package init(id: Int64, name: String, address: String, lastUsed: String, isThis: Bool) {
      self.id = id
      self.name = name
      self.address = address
      self.lastUsed = lastUsed
      self.isThis = isThis
    }
  }

  package enum Done: Sendable {
    case passwordSet
    case codeOn(recoveryCodes: [String])
    case codeOff
  }

  package init(user: User, recoveryCodes: Int = 0, sessions: [Device], done: Done? = nil) {
    self.user = user
    self.recoveryCodes = recoveryCodes
    self.sessions = sessions
    self.done = done
  }
}

/// Where an app for codes gets its key.
package struct CodePage: Sendable {
  /// In base 32; in groups to be typed; and as the link that apps open.
  package var key: String
  package var groups: String
  package var link: String

  package init(key: String, groups: String, link: String) {
    self.key = key
    self.groups = groups
    self.link = link
  }
}

extension PageContext {
  package func text(of problem: Password.Problem) -> String {
    switch (problem, language) {
    case (.short, .dutch):
      "Het wachtwoord heeft minder dan \(Limits.passwordCharacters) tekens. Een zin die alleen u "
        + "bedenkt, onthoudt u makkelijk."
    case (.long, .dutch): "Het wachtwoord is te lang; kies een korter."
    case (.common, .dutch):
      "Veel mensen gebruiken dit wachtwoord, dus wordt het als eerste geraden; kies een ander."
    case (.likeName, .dutch): "Het wachtwoord is uw naam; kies een ander."
    case (_, .english): problem.description
    }
  }

  package func text(of problem: UserProblem) -> String {
    switch (problem, language) {
    case (.emptyName, .dutch): "Geef een naam."
    case (.longName, .dutch): "De naam is langer dan \(Limits.userNameCharacters) tekens."
    case (.nameCharacters, .dutch): "Een naam heeft alleen letters, cijfers, spaties en . - _ @ + '"
    case (.nameTaken(let name), .dutch): "Er is al een gebruiker \(name); kies een andere naam."
    case (.tokenNameTaken(let name), .dutch): "Er is al een token \(name); kies een andere naam."
    case (.lastOwner, .dutch):
      "Dit is de enige eigenaar met een wachtwoord: maak eerst een andere eigenaar."
    case (.badDays, .dutch): "Een token werkt 1 tot \(Limits.tokenDays) dagen."
    case (.linkIsOver, .dutch): "Deze link is al gebruikt of te oud. Vraag een nieuwe."
    default: problem.description
    }
  }

  package func text(of problem: LoginPage.Problem) -> String {
    switch problem {
    case .wrong: words["loginWrong"]
    case .busy: words["loginBusy"]
    case .wait(let seconds): words.wait(seconds)
    }
  }

  package var wrongPassword: String { words["wrongPassword"] }
  package var wrongCode: String { words["wrongCode"] }
  package var notAllowed: String { words["notAllowed"] }
  package var askForMore: String { words["askForMore"] }

  /// The pages around the account, as far as they may be seen.
  fileprivate var accountTabs: [Templates.Values] {
    let pages =
      [("/account", "account")] + (may(.persons) ? [("/privacy", "pvPrivacy")] : [])
      + (may(.manage)
        ? [("/users", "users"), ("/tokens", "tokens"), ("/activity", "activity")] : [])
    return pages.map { path, word in
      ["href": link(path), "name": words[word], "chosen": self.path.hasPrefix(path)]
    }
  }

  /// What all pages around the account see.
  func ofAccount(_ values: Templates.Values) -> Templates.Values {
    values.merging(["accountTabs": accountTabs]) { own, _ in own }
  }
}

extension Pages {
  /// A text as a part of an address's query.
  package static func encoded(_ text: String) -> String { Query.encode(text) }

  package static func loginPage(_ page: LoginPage, _ context: PageContext) -> String {
    let words = context.words
    let isCode = page.asks == .code
    let values: Templates.Values = [
      "heading": words[isCode ? "codeHeading" : "logIn"], "isCode": isCode,
      "isFirst": page.isFirst, "next": page.next, "name": page.name,
      "problem": page.problem.map(context.text(of:)) ?? false,
    ]
    return Templates.page(
      "login", values, title: words[isCode ? "codeHeading" : "logIn"], context: context)
  }

  package static func welcomePage(_ page: WelcomePage, _ context: PageContext) -> String {
    let words = context.words
    guard let token = page.token else {
      return Templates.page(
        "message",
        [
          "heading": words["linkOver"], "what": words["linkOverWhat"], "isError": false,
          "steps": [
            [
              "stepTitle": words["linkOverUsed"], "stepText": words["linkOverLogin"],
              "stepLink": "/login", "stepAction": words["logIn"], "command": false,
            ] as Templates.Values,
            [
              "stepTitle": words["linkOverNew"], "stepText": words["linkOverCommand"],
              "command": "./klantreis users invite --owner", "stepLink": false,
            ],
          ],
        ], title: words["linkOver"], context: context)
    }
    var values: Templates.Values = [
      "token": token, "name": page.name, "role": words.role(page.role),
      "mayDo": words.mayDo(page.role),
    ]
    values["nameProblem"] = context.problem(at: "name")
    values["passwordProblem"] = context.problem(at: "password")
    return Templates.page("welcome", values, title: words["welcome"], context: context)
  }

  package static func accountPage(_ page: AccountPage, _ context: PageContext) -> String {
    let (words, user) = (context.words, page.user)
    var values: Templates.Values = [
      "name": user.name, "role": words.role(user.role), "mayDo": words.mayDo(user.role),
      "hasPassword": user.hasPassword, "hasCode": user.hasCode,
      "passwordHeading": words[user.hasPassword ? "changePassword" : "choosePassword"],
      "codesLeft": words.codesLeft(page.recoveryCodes),
      "sessions": page.sessions.map { device -> Templates.Values in
        [
          "device": words.device(device.name), "address": device.address,
          "lastUsed": "\(context.format.date(device.lastUsed)) \(device.lastUsed.dropFirst(11))",
          "isThis": device.isThis, "end": "/account/sessions/\(device.id)/end",
        ]
      },
    ]
    switch page.done {
    case .passwordSet: values["done"] = words["passwordIsSet"]
    case .codeOff: values["done"] = words["codeIsOff"]
    case .codeOn(let codes):
      values["done"] = words["codeIsOn"]
      values["newCodes"] = ["codes": codes] as Templates.Values
    case nil: break
    }
    for (name, field) in [
      ("oldProblem", "old"), ("passwordProblem", "password"), ("offProblem", "off"),
    ] {
      values[name] = context.problem(at: field)
    }
    return Templates.page(
      "account", context.ofAccount(values), title: words["account"], context: context)
  }

  package static func codePage(_ page: CodePage, _ context: PageContext) -> String {
    var values: Templates.Values = ["key": page.key, "groups": page.groups, "link": page.link]
    values["picture"] = QRCode(page.link)?.svg(label: context.words["qrLabel"])
    values["codeProblem"] = context.problem(at: "code")
    return Templates.page(
      "code", context.ofAccount(values), title: context.words["codeSetUp"], context: context)
  }
}
