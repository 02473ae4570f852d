import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Store

struct UsersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users", abstract: "Users: who may log in, and who did what.",
    discussion: """
      Example:
        klantreis users
        klantreis users invite ann --role marketer
        klantreis users invite --owner
        klantreis users role ann analyst
        klantreis users log

      Roles are owner, admin, marketer, service and analyst; docs/access.md says what each may do.
      Commands ask for no password: who can write to the data folder can do all.
      """,
    subcommands: [List.self, Invite.self, SetRole.self, Remove.self, Log.self],
    defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The users, their roles, and when each was here last.",
      discussion: """
        Example:
          klantreis users list
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let users = try data.openExisting().store.users()
      if users.isEmpty {
        Terminal.write("There are no users yet. `klantreis serve` prints a link for the first.\n")
      }
      for user in users {
        let login = user.lastLogin.map { "last login \($0.iso8601)" } ?? "never logged in"
        Terminal.write(
          "\(Terminal.bold(user.name))  \(user.role.rawValue)  "
            + (user.hasPassword ? "" : "no password yet, ") + (user.hasCode ? "with code, " : "")
            + login + "\n")
      }
    }
  }

  struct Invite: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a link by which a user, new or not, chooses a password. It works once.",
      discussion: """
        Example:
          klantreis users invite ann --role marketer
          klantreis users invite --owner
        """)
    @Argument(help: "The user's name: ann.") var name: String?
    @Option(help: "The role of a new user: owner, admin, marketer, service or analyst.")
    var role: Role?
    @Flag(help: "The owner, whatever that user is called.") var owner = false
    @Option(help: "Where browsers reach the server.") var address = "http://127.0.0.1:8080"
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      let (user, isNew) = try user(in: workspace)
      let deed = Deed(
        .userInvited, "\(user.name): \(user.role.rawValue)", by: Activity.commandLine, at: .now)
      let secret = try workspace.invite(user, noting: isNew ? nil : deed, at: .now)
      Terminal.write(
        "\(user.name) (\(user.role.rawValue)) chooses a password here, once, within a day:\n"
          + "  \(address)\(Workspace.welcomePath(secret))\n")
    }

    private func user(in workspace: Workspace) throws -> (user: User, isNew: Bool) {
      let users = try workspace.store.users()
      if owner, name == nil, let user = users.first(where: { $0.role == .owner }) {
        return (user, false)
      }
      guard owner || name != nil else {
        throw Ending.wrongUse("Name the user, or give --owner.")
      }
      let name = try User.checked(name: name ?? User.firstOwner)
      if let known = try workspace.store.user(named: name) {
        guard role == nil || role == known.role else {
          throw Ending.wrongUse(
            "\(name) is \(known.role.rawValue) already; change that with `klantreis users role`.")
        }
        return (known, false)
      }
      let role = owner ? .owner : role ?? .analyst
      let deed = Deed(
        .userInvited, "\(name): \(role.rawValue)", by: Activity.commandLine, at: .now)
      return (try workspace.store.addUser(name: name, role: role, deed), true)
    }
  }

  struct SetRole: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "role", abstract: "Give a user another role.",
      discussion: """
        Example:
          klantreis users role ann analyst
        """)
    @Argument(help: "The user's name.") var name: String
    @Argument(help: "owner, admin, marketer, service or analyst.") var role: Role
    @OptionGroup var data: DataOptions

    func run() throws {
      let store = try data.openExisting().store
      let user = try store.known(name)
      let subject = "\(user.name): \(role.rawValue)"
      try store.setRole(
        role, of: user, Deed(.userRoleChanged, subject, by: Activity.commandLine, at: .now))
      Terminal.write("\(user.name) is \(role.rawValue).\n")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a user, with all sessions and tokens of that user.",
      discussion: """
        Example:
          klantreis users remove ann
        """)
    @Argument(help: "The user's name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let store = try data.openExisting().store
      let user = try store.known(name)
      try store.removeUser(
        user, Deed(.userRemoved, user.name, by: Activity.commandLine, at: .now))
      Terminal.write("Removed \(user.name).\n")
    }
  }

  struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Who did what, the newest first, as lines of JSON.",
      discussion: """
        Example:
          klantreis users log --limit 20
        """)
    @Option(help: "Only before the line of this number.") var before: Int64?
    @Option(help: "How many at most.") var limit = Limits.activityPerPage
    @OptionGroup var data: DataOptions

    func run() throws {
      guard (1...Limits.changesPerPage).contains(limit) else {
        throw Ending.wrongUse("--limit \(limit) is not from 1 to \(Limits.changesPerPage).")
      }
      for line in try data.openExisting().store.activities(before: before, limit: limit) {
        try Terminal.write(json: Line(line))
      }
    }

    private struct Line: Encodable {
      var id: Int64
      var at: Timestamp
      var actor, action, subject, address: String

      init(_ line: Activity) {
        (id, at, actor, action) = (line.id, line.at, line.actor, line.action.rawValue)
        (subject, address) = (line.subject, line.address)
      }
    }
  }
}

struct TokensCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens", abstract: "Tokens: what programs show instead of a password.",
    discussion: """
      Example:
        klantreis tokens add dashboards --scope read --days 365
        klantreis tokens
        klantreis tokens remove dashboards

      A program sends one as `Authorization: Bearer TOKEN`. Scopes are read (insights), persons (also
      single customers) and write (also changes).
      """,
    subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The tokens, what each may do, and when it was used last.",
      discussion: """
        Example:
          klantreis tokens list
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let tokens = try data.openExisting().store.tokens()
      if tokens.isEmpty {
        Terminal.write("There are no tokens yet. Make one with `klantreis tokens add NAME`.\n")
      }
      for token in tokens {
        let use = token.lastUsed.map { "last used \($0.iso8601)" } ?? "never used"
        Terminal.write(
          "\(Terminal.bold(token.name))  \(token.scope.rawValue)  until \(token.expires.iso8601), "
            + "\(use)\n")
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a token and print it, the only time that it is shown.",
      discussion: """
        Example:
          klantreis tokens add dashboards --scope read --days 365
        """)
    @Argument(help: "What it is for: dashboards.") var name: String
    @Option(help: "What it may do: read, persons or write.") var scope = TokenScope.read
    @Option(help: "How many days it works.") var days = 90
    @OptionGroup var data: DataOptions

    func run() throws {
      let (secret, _) = try data.open().addToken(
        name: name, scope: scope, days: days, madeBy: nil,
        Deed(.tokenAdded, by: Activity.commandLine, at: .now))
      Terminal.write("\(secret.text)\n")
      Terminal.note("This is the only time that it is shown.")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a token.",
      discussion: """
        Example:
          klantreis tokens remove dashboards
        """)
    @Argument(help: "The token's name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws {
      try data.openExisting().store.removeToken(
        named: name, Deed(.tokenRemoved, name, by: Activity.commandLine, at: .now))
      Terminal.write("Removed \(name).\n")
    }
  }
}

extension Role: ExpressibleByArgument {}
extension TokenScope: ExpressibleByArgument {}

extension Store {
  /// Throws ``UserProblem/unknown(_:)``.
  fileprivate func known(_ name: String) throws -> User {
    guard let user = try user(named: name.trimmed) else { throw UserProblem.unknown(name) }
    return user
  }
}
