package import CustomerJourney

/// Somebody who may log in.
package struct User: Hashable, Sendable, Identifiable {
  package var id: Int64
  package var name: String
  package var role: Role
  package var created: Timestamp
  package var lastLogin: Timestamp?
  package var hasPassword: Bool
  package var hasCode: Bool

  package init(
    id: Int64, name: String, role: Role, created: Timestamp, lastLogin: Timestamp? = nil,
    hasPassword: Bool = false, hasCode: Bool = false
  ) {
    self.id = id
    self.name = name
    self.role = role
    self.created = created
    self.lastLogin = lastLogin
    self.hasPassword = hasPassword
    self.hasCode = hasCode
  }

  /// The name of the first owner, until that person chooses another.
  package static let firstOwner = "owner"

  /// A name that can be used: letters, digits, spaces and `.-_@+'`, as in `Ann` and `ann@shop.nl`.
  package static func checked(name: String) throws(UserProblem) -> String {
    let name = name.trimmed
    guard !name.isEmpty else { throw .emptyName }
    guard name.count <= Limits.userNameCharacters else { throw .longName }
    guard
      name.unicodeScalars.allSatisfy({ scalar in
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || scalar.properties.generalCategory == .nonspacingMark
          || " .-_@+'".unicodeScalars.contains(scalar)
      }), name.lowercased() != Activity.commandLine, !name.lowercased().hasPrefix("token ")
    else { throw .nameCharacters }
    return name
  }
}

/// A browser in which somebody is logged in.
package struct Session: Hashable, Sendable, Identifiable {
  package var id: Int64
  package var user: User
  /// False while the code of the app is still asked for.
  package var isWhole: Bool
  package var created: Timestamp
  package var lastUsed: Timestamp
  package var device: String
  package var address: String

  package init(
    id: Int64, user: User, isWhole: Bool, created: Timestamp, lastUsed: Timestamp, device: String,
    address: String
  ) {
    self.id = id
    self.user = user
    self.isWhole = isWhole
    self.created = created
    self.lastUsed = lastUsed
    self.device = device
    self.address = address
  }

  /// Whether it still counts: not idle for long, not older than a session may become, and without the
  /// code only for minutes.
  package static func isAlive(
    created: Timestamp, lastUsed: Timestamp, isWhole: Bool, at now: Timestamp
  ) -> Bool {
    isWhole
      ? now.seconds(since: lastUsed) < Limits.sessionIdleSeconds
        && now.seconds(since: created) < Limits.sessionSeconds
      : now.seconds(since: created) < Limits.codeSeconds
  }
}

/// What a program shows instead of a password.
package struct APIToken: Hashable, Sendable, Identifiable {
  package var id: Int64
  package var name: String
  package var scope: TokenScope
  /// Who made it; nil when it was made on the command line.
  package var madeBy: User?
  package var created: Timestamp
  package var expires: Timestamp
  package var lastUsed: Timestamp?

  package init(
    id: Int64, name: String, scope: TokenScope, madeBy: User?, created: Timestamp,
    expires: Timestamp, lastUsed: Timestamp?
  ) {
    self.id = id
    self.name = name
    self.scope = scope
    self.madeBy = madeBy
    self.created = created
    self.expires = expires
    self.lastUsed = lastUsed
  }

  /// Tells tokens from other texts, for people and for programs that look for leaked ones.
  package static let prefix = "klantreis_"

  package var permissions: Set<Permission> {
    madeBy.map { scope.permissions.intersection($0.role.permissions) } ?? scope.permissions
  }
}

/// Why something about users, sessions or tokens cannot be done.
package enum UserProblem: Error, Hashable, CustomStringConvertible {
  case emptyName, longName, nameCharacters
  case nameTaken(String)
  case unknown(String)
  case lastOwner
  case tooMany
  case tokenNameTaken(String)
  case unknownToken(String)
  case badDays
  case linkIsOver

  package var description: String {
    switch self {
    case .emptyName: "Give a name."
    case .longName: "The name has more than \(Limits.userNameCharacters) characters; shorten it."
    case .nameCharacters:
      "A name has letters, digits, spaces and . - _ @ + ' only, and is none that the log uses itself."
    case .nameTaken(let name): "There is a user \(name) already; choose another name."
    case .unknown(let name): "There is no user \(name). `klantreis users` lists them."
    case .lastOwner:
      "This is the only owner with a password: make another owner first, so that the project keeps "
        + "one."
    case .tooMany: "There are \(Limits.users) already, which is the most there can be; remove some."
    case .tokenNameTaken(let name): "There is a token \(name) already; choose another name."
    case .unknownToken(let name): "There is no token \(name). `klantreis tokens` lists them."
    case .badDays: "A token works from 1 to \(Limits.tokenDays) days."
    case .linkIsOver:
      "This link was used already or is too old. Ask for a new one, or make it where the program runs: "
        + "klantreis users invite NAME."
    }
  }
}
