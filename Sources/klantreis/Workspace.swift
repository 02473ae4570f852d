import Collector
import CustomerJourney
import Foundation
import JourneyEngine
import Store
import Synchronization

/// An opened data folder: what is stored, the models, and the journeys in memory.
///
/// Where a command or a page needs journeys it takes a ``Snapshot``; everything it then reads is of
/// one moment, whatever is stored meanwhile.
final class Workspace: Sendable {
  /// Settings of a project, by the names under which the store keeps them.
  enum Setting: String, CaseIterable {
    case zone, currency, model, title, demo
    /// What was simulated; nil where people are real.
    case simulation
    /// The path of a database that says where addresses are.
    case geo
    /// The number of trusted proxies before the server.
    case proxies
    /// The shop's front page: where links of plays lead.
    case shop
  }

  let folder: URL
  let store: Store
  let keeper: JourneyKeeper
  let plays = PlayLibrary()
  let contentLibrary = ContentLibrary()
  let relatedProducts = RelatedProducts()
  private let freshness: Duration
  private let state = Mutex(State())

  private struct State {
    var snapshot: Snapshot?
    var version: Int64?
    /// When it was last seen whether there is something new.
    var looked: ContinuousClock.Instant?
  }

  /// `freshness` is how old a snapshot may be, so that questions that come together share one.
  init(
    folder: URL, freshness: Duration = .zero, policy: JourneyKeeper.Policy = JourneyKeeper.Policy()
  ) throws {
    self.folder = folder
    self.freshness = freshness
    store = try Store(folder: folder)
    keeper = JourneyKeeper(store: store, folder: folder, policy: policy)
    // An erasure that was cut off is finished before anything else.
    try Eraser(workspace: self).finishOpenIfPossible(at: .now)
  }

  /// For a server: questions that come together share what is new, and a new base is written while
  /// they are answered.
  convenience init(serving folder: URL) throws {
    try self.init(
      folder: folder, freshness: .seconds(Limits.newsSeconds),
      policy: JourneyKeeper.Policy(inBackground: true))
  }

  /// The journeys as they are now, or were less than ``freshness`` ago.
  ///
  /// After a commit of any process the next call adds what is new, and only that. Who asks meanwhile
  /// waits for the same one.
  func snapshot() throws -> Snapshot {
    try state.withLock { state in
      let now = ContinuousClock.now
      if let snapshot = state.snapshot, let looked = state.looked, now - looked < freshness {
        return snapshot
      }
      let version = try store.dataVersion()
      if let snapshot = state.snapshot, state.version == version {
        state.looked = now
        return snapshot
      }
      let snapshot = try load(version)
      state = State(snapshot: snapshot, version: version, looked: .now)
      return snapshot
    }
  }

  private func load(_ version: Int64) throws -> Snapshot {
    let settings = try store.settings()
    let zone = settings[Setting.zone.rawValue].flatMap { Zone($0) } ?? .amsterdam
    let catalogue = try ModelCatalogue(
      folder: modelFolder, settings: settings, first: settings[Setting.model.rawValue])
    let (journeys, mark) = try keeper.read(
      in: settings[Setting.currency.rawValue].flatMap { Currency($0) })
    let segments = SegmentCatalogue(
      try store.segments(), models: catalogue.models, currency: journeys.currency)
    return Snapshot(
      journeys: journeys, mark: mark, zone: zone, models: catalogue, segments: segments,
      plays: plays.catalogue(
        try store.plays(), models: catalogue.models, segments: segments.rules,
        currency: journeys.currency),
      title: settings[Setting.title.rawValue],
      isSimulated: settings[Setting.simulation.rawValue] != nil,
      facts: StoredFacts(store: store), factsVersion: version)
  }

  /// Makes the file of the base anew of what is stored now. For who has erased something: when it
  /// returns, no file of the engine has that any more, and the next snapshot does not know it.
  func renewBase() throws {
    state.withLock { $0.looked = nil }
    _ = try snapshot()
    try keeper.renew()
    state.withLock { $0.snapshot = nil }
  }

  /// Under which the store keeps the secret; settings that are shown leave it out.
  static let visitorKeyName = "visitor key"

  /// The project's secret by which addresses in web servers' logs become visitors; made once.
  func visitorKey() throws -> String {
    try store.setting(Self.visitorKeyName, orSet: ImportOptions.newVisitorKey())
  }

  /// Where a project's own models stand, one YAML file each.
  var modelFolder: URL { folder.appending(path: "models") }
  /// Where an import writes the rows that it rejects.
  var rejectedFolder: URL { folder.appending(path: "rejected") }
  /// Files that came in by the dashboard and are not imported yet.
  var uploadFolder: URL { folder.appending(path: "uploads") }
}

extension Workspace {
  /// True when `folder` holds a project.
  static func exists(in folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: Store.fileName).path)
  }
}

extension Workspace {
  /// Works out an answer beside the threads that serve requests: a question may take a while and
  /// keeps all cores busy.
  func asking<Result: Sendable>(
    _ body: @escaping @Sendable (Snapshot) throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Self.questions.async {
        continuation.resume(with: Swift.Result { try body(try self.snapshot()) })
      }
    }
  }

  /// Looks at what is new, which nobody waits for: whoever stores something or asks comes first.
  func looking<Result: Sendable>(
    _ body: @escaping @Sendable (Snapshot) throws -> Result
  ) async throws -> Result {
    try await aside { try Cores.inBackground { try body(try self.snapshot()) } }
  }

  /// Reads or notes something small, beside the threads that serve requests.
  func aside<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Self.questions.async { continuation.resume(with: Swift.Result(catching: body)) }
    }
  }

  /// The next snapshot is made anew, whoever changed the store.
  func lookAgain() { state.withLock { $0 = State() } }

  private static let questions = DispatchQueue(
    label: "questions", qos: .userInitiated, attributes: .concurrent)
}

extension Workspace {
  /// Does work that stores something, beside the threads that serve requests. The next snapshot has
  /// it, however fresh the last one is: who stored something looks for it at once.
  func working<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    defer { state.withLock { $0.looked = nil } }
    return try await aside(body)
  }
}
