/// What somebody may do. Each route of the server asks for one of these.
package enum Permission: String, CaseIterable, Codable, Sendable {
  /// Read what journeys say together: maps, questions, the sizes of segments.
  case insights
  /// See single persons: names, identities, traits, journeys.
  case persons
  /// Change segments, sources and their mappings, and import files.
  case edit
  /// Act on single customers: join and part them, note consent, send them something.
  case act
  /// Manage users and tokens, and read who did what.
  case manage
  /// Hand out, restore and erase data as a whole.
  case keep
}

/// What a user is in the project. This table is the only place that says what a role may do.
package enum Role: String, CaseIterable, Codable, Sendable {
  case owner, admin, marketer, analyst, service

  package var permissions: Set<Permission> {
    switch self {
    case .owner: [.insights, .persons, .edit, .act, .manage, .keep]
    case .admin: [.insights, .persons, .edit, .act, .manage]
    case .marketer: [.insights, .persons, .edit, .act]
    case .service: [.insights, .persons, .act]
    case .analyst: [.insights]
    }
  }

  /// Roles that somebody of this role may give to others and take from them. Only an owner makes
  /// owners, so that no admin becomes one.
  package var manages: Set<Role> {
    switch self {
    case .owner: Set(Role.allCases)
    case .admin: [.admin, .marketer, .analyst, .service]
    case .marketer, .analyst, .service: []
    }
  }
}

/// What a program with a token may do; never more than the user who made the token.
package enum TokenScope: String, CaseIterable, Codable, Sendable {
  case read, persons, write

  package var permissions: Set<Permission> {
    switch self {
    case .read: [.insights]
    case .persons: [.insights, .persons]
    case .write: [.insights, .persons, .edit, .act]
    }
  }
}
