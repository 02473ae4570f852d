import Access
import CustomerJourney
import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import Store
import Synchronization

/// Knows who asks, and lets people in: passwords, codes, sessions and tokens.
final class Gate: Sendable {
  /// What tests set: the clock, and how much work a password is.
  struct Settings: Sendable {
    var clock: @Sendable () -> Timestamp = { .now }
    var cost = Password.Cost.standard
  }

  let workspace: Workspace
  let settings: Settings
  private let throttle = Mutex(LoginThrottle())
  private let hashing = HashingQueue()
  /// Cookies of servers on one machine are sent to all its ports: each project has a name of its own.
  private let cookieName: String

  init(workspace: Workspace, settings: Settings = Settings()) {
    self.workspace = workspace
    self.settings = settings
    let number = UInt64(bitPattern: workspace.store.databaseNumber)
    cookieName = "klantreis-" + String(number & 0xFF_FFFF, radix: 36)
  }

  var now: Timestamp { settings.clock() }
  private var store: Store { workspace.store }

  // MARK: Who asks

  /// Nil when nobody is logged in, or the token or session is over.
  func visitor(of request: Request, from remote: String?) async throws -> Visitor? {
    let (now, store) = (now, store)
    let address = try await address(of: request, remote)
    if let header = request.headers[.authorization] {
      guard header.lowercased().hasPrefix("bearer ") else { return nil }
      let secret = Secret(text: String(header.dropFirst(7)).trimmed)
      return try await workspace.aside {
        guard let token = try store.token(secret.digest, at: now) else { return nil }
        if Self.isWorthNoting(token.lastUsed, now) { try store.noteUse(of: token, at: now) }
        return Visitor(
          name: "token \(token.name)", permissions: token.permissions, address: address)
      }
    }
    guard let session = try await session(of: request), session.isWhole,
      let secret = secret(of: request)
    else { return nil }
    if Self.isWorthNoting(session.lastUsed, now) {
      try await workspace.aside { try store.noteUse(of: session, at: now) }
    }
    return Visitor(
      name: session.user.name, permissions: session.user.role.permissions, session: session,
      formToken: secret.formToken, address: address)
  }

  /// The living session of the request's cookie, also one that still waits for its code.
  func session(of request: Request) async throws -> Session? {
    guard let secret = secret(of: request) else { return nil }
    let (now, store) = (now, store)
    return try await workspace.aside { try store.session(secret.digest, at: now) }
  }

  /// Not with every request: each note is a commit.
  private static func isWorthNoting(_ last: Timestamp?, _ now: Timestamp) -> Bool {
    last.map { now.seconds(since: $0) >= Limits.lastUseSeconds } ?? true
  }

  /// From where the request comes, behind as many proxies as the project trusts.
  func address(of request: Request, _ remote: String?) async throws -> String {
    let store = store
    guard let header = request.headers[.named("X-Forwarded-For")] else { return remote ?? "" }
    let proxies = try await workspace.aside {
      try store.setting(Workspace.Setting.proxies.rawValue).flatMap { Int($0) } ?? 0
    }
    let hops = header.split(separator: ",").map(\.trimmed)
    guard proxies > 0, !hops.isEmpty else { return remote ?? "" }
    return String(hops[max(0, hops.count - proxies)].prefix(64))
  }

  // MARK: Cookies

  /// Whether the browser reaches the server by https, as a proxy says that takes it off. Who says so
  /// falsely only keeps the cookie from itself.
  static func isSecure(_ request: Request) -> Bool {
    request.headers[.named("X-Forwarded-Proto")]?.lowercased() == "https"
  }

  private func cookieName(_ isSecure: Bool) -> String {
    isSecure ? "__Host-\(cookieName)" : cookieName
  }

  private func secret(of request: Request) -> Secret? {
    let wanted = cookieName(Self.isSecure(request)) + "="
    let cookies = request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
    return cookies.map(\.trimmed).first { $0.hasPrefix(wanted) }
      .map { Secret(text: String($0.dropFirst(wanted.count))) }
  }

  /// Puts the cookie of a session into an answer, or takes it away with nil.
  func setCookie(_ secret: Secret?, in response: inout Response, for request: Request) {
    let isSecure = Self.isSecure(request)
    let age = secret == nil ? 0 : Int(Limits.sessionSeconds)
    let cookie =
      "\(cookieName(isSecure))=\(secret?.text ?? ""); Path=/; Max-Age=\(age); HttpOnly; "
      + "SameSite=Lax\(isSecure ? "; Secure" : "")"
    response.headers.append(HTTPField(name: .setCookie, value: cookie))
  }

  // MARK: Letting in

  enum Refusal: Error, Equatable {
    /// Name and password, or the code, are not right together. Which of them is not said.
    case wrong
    case wait(seconds: Int)
    case busy
  }

  /// Begins a session for who knows the password. It is whole unless the code of an app is asked for.
  func logIn(
    name: String, password: String, device: String, address: String
  ) async throws -> (secret: Secret, session: Session) {
    let (now, store) = (now, store)
    try tryNow(name: name, address: address, now)
    let known = try await workspace.aside { try store.credentials(named: name.trimmed) }
    guard try await isRight(password, hash: known?.passwordHash), let known else {
      try await failed(known?.user, address)
      throw Refusal.wrong
    }
    if let hash = known.passwordHash, Password.isDated(hash, cost: settings.cost) {
      let renewed = try await self.hash(password)
      try await workspace.aside { try store.renewHash(renewed, of: known.user, from: hash) }
    }
    let isWhole = known.codeKey == nil
    throttle.withLock { $0.succeeded(name: name, address: address, isWhole: isWhole) }
    return try await begin(
      known.user, isWhole: isWhole, device: device, address: address, at: now)
  }

  /// Makes a session whole by a code of the app or a recovery code; it gets another secret.
  func complete(_ session: Session, code: String, address: String) async throws -> Secret {
    let (now, store, user) = (now, store, session.user)
    try tryNow(name: user.name, address: address, now)
    let secret = Secret.random()
    let isRight = try await workspace.aside {
      guard let key = try store.credentials(named: user.name), let app = key.codeKey else {
        return false
      }
      let step = OneTimeCode(key: app).step(of: code, at: now, after: key.codeStep)
      let deed = Deed(.recoveryCodeUsed, user.name, by: user.name, from: address, at: now)
      let isGood =
        try step.map { try store.useCode(step: $0, of: user) }
        ?? store.useRecovery(RecoveryCode.digest(code), of: user, deed)
      return try isGood
        && store.completeSession(
          session, digest: secret.digest,
          Deed(.login, user.name, by: user.name, from: address, at: now))
    }
    guard isRight else {
      try await failed(user, address)
      throw Refusal.wrong
    }
    throttle.withLock { $0.succeeded(name: user.name, address: address) }
    return secret
  }

  /// Begins a session without asking anything more.
  func begin(
    _ user: User, isWhole: Bool = true, device: String, address: String, at now: Timestamp
  ) async throws -> (secret: Secret, session: Session) {
    let (secret, store) = (Secret.random(), store)
    let session = try await workspace.aside {
      try store.addSession(
        digest: secret.digest, of: user, isWhole: isWhole, device: device, address: address,
        Deed(.login, user.name, by: user.name, from: address, at: now))
    }
    return (secret, session)
  }

  private func tryNow(name: String, address: String, _ now: Timestamp) throws {
    let wait = throttle.withLock { throttle in
      let wait = throttle.wait(name: name, address: address, at: now)
      if wait == 0 { throttle.failed(name: name, address: address, at: now) }
      return wait
    }
    if wait > 0 { throw Refusal.wait(seconds: wait) }
  }

  /// Notes a failed login. Of an unknown name nothing is kept: it may be a password, in the wrong field.
  private func failed(_ user: User?, _ address: String) async throws {
    let deed = Deed(.loginFailed, user?.name ?? "", by: "", from: address, at: now)
    let store = store
    try await workspace.aside { try store.note(deed) }
  }

  // MARK: Passwords

  func isRight(_ password: String, hash: String?) async throws -> Bool {
    let cost = settings.cost
    return try await hashing.run { Password.isRight(password, hash: hash, cost: cost) }
  }

  /// The same of a user who is logged in already; guesses of whoever found a browser open are slowed
  /// down like others.
  func isOwn(
    _ password: String, hash: String, of user: User, from address: String
  ) async throws -> Bool {
    try tryNow(name: user.name, address: address, now)
    let isRight = try await isRight(password, hash: hash)
    if isRight { throttle.withLock { $0.succeeded(name: user.name, address: address) } }
    return isRight
  }

  func hash(_ password: String) async throws -> String {
    let cost = settings.cost
    guard let hash = try await hashing.run({ Password.hash(password, cost: cost) }) else {
      throw Refusal.busy
    }
    return hash
  }
}

/// Works on passwords one after the other: each takes much memory, and who floods the login shall not
/// take the processors from the rest.
private final class HashingQueue: Sendable {
  private let queue = DispatchQueue(label: "passwords", qos: .userInitiated)
  private let waiting = Mutex(0)

  func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async throws -> Result {
    let isFull = waiting.withLock { waiting in
      guard waiting < Limits.waitingLogins else { return true }
      waiting += 1
      return false
    }
    if isFull { throw Gate.Refusal.busy }
    return await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(returning: body())
        self.waiting.withLock { $0 -= 1 }
      }
    }
  }
}
