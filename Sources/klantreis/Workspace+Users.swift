import Access
import CustomerJourney
import Foundation
import Store

extension Workspace {
  /// Where a link with this secret leads, on whatever address the server has.
  static func welcomePath(_ secret: Secret) -> String { "/welcome?token=\(secret.text)" }

  /// A link for who owns the data folder, while nobody can log in with a password; nil afterwards.
  ///
  /// With `enters` the link itself logs in, as the demo's does. Makes the owner when there is none.
  func firstLink(enters: Bool, at now: Timestamp) throws -> Secret? {
    guard try !store.hasLogin() else { return nil }
    let deed = Deed(
      .userInvited, "\(User.firstOwner): \(Role.owner.rawValue)", by: Activity.commandLine, at: now)
    let owner =
      try store.users().first { $0.role == .owner }
      ?? store.addUser(name: User.firstOwner, role: .owner, deed)
    return try invite(owner, enters: enters, noting: nil, at: now)
  }

  /// A new link for a user; an older one ends.
  func invite(
    _ user: User, enters: Bool = false, noting deed: Deed?, at now: Timestamp
  ) throws -> Secret {
    let secret = Secret.random()
    try store.addInvitation(
      digest: secret.digest, of: user, enters: enters,
      expires: now.adding(seconds: Limits.inviteSeconds), deed)
    return secret
  }

  /// Makes a token, and says it the only time that it can be said. Throws ``UserProblem``.
  func addToken(
    name: String, scope: TokenScope, days: Int, madeBy: User?, _ deed: Deed
  ) throws -> (secret: Secret, name: String) {
    let name = try User.checked(name: name)
    guard (1...Limits.tokenDays).contains(days) else { throw UserProblem.badDays }
    let secret = Secret.random(prefix: APIToken.prefix)
    var deed = deed
    deed.subject = "\(name): \(scope.rawValue)"
    try store.addToken(
      digest: secret.digest, name: name, scope: scope, madeBy: madeBy,
      expires: deed.at.adding(seconds: Int64(days) * 86_400), deed)
    return (secret, name)
  }
}
