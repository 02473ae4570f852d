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
  }

  let folder: URL
  let store: Store
  private let state = Mutex(State())

  private struct State {
    var snapshot: Snapshot?
    var version: Int64?
  }

  init(folder: URL) throws {
    self.folder = folder
    store = try Store(folder: folder)
  }

  /// The journeys as they are now.
  ///
  /// Loading happens at the first call and after every commit that was seen; it adds only what is
  /// new to what is in memory. Who asks while it loads waits for the same one.
  func snapshot() throws -> Snapshot {
    try state.withLock { state in
      let version = try store.dataVersion()
      if let snapshot = state.snapshot, state.version == version { return snapshot }
      let snapshot = try load(after: state.snapshot)
      state = State(snapshot: snapshot, version: version)
      return snapshot
    }
  }

  private func load(after old: Snapshot?) throws -> Snapshot {
    let settings = try store.settings()
    let zone = settings[Setting.zone.rawValue].flatMap { Zone($0) } ?? .amsterdam
    let currency = try projectCurrency(settings, after: old)
    let catalogue = try ModelCatalogue(
      folder: modelFolder, settings: settings, first: settings[Setting.model.rawValue])
    // In another currency every value is another one, so all is read again.
    let base = old?.table.currency == currency ? old : nil
    let table: JourneyTable
    let lastRow: Int64
    if let base, try store.lastRow() == base.lastRow {
      (table, lastRow) = (base.table, base.lastRow)
    } else {
      var loader = TableLoader(after: base, currency: currency)
      try store.readRows(
        after: base?.lastRow ?? 0,
        names: { kind, number, text in loader.addName(kind, number, text) },
        rows: { row in loader.add(row) })
      (table, lastRow) = loader.finish()
    }
    return Snapshot(
      table: table, lastRow: lastRow, zone: zone, models: catalogue,
      title: settings[Setting.title.rawValue],
      isSimulated: settings[Setting.simulation.rawValue] != nil, facts: StoredFacts(store: store))
  }

  /// The project's currency: the one that was set, else the commonest in the data when amounts were
  /// first read.
  private func projectCurrency(
    _ settings: [String: String], after old: Snapshot?
  ) throws -> Currency {
    if let code = settings[Setting.currency.rawValue], let currency = Currency(code) {
      return currency
    }
    if let old, old.table.hasValues { return old.table.currency }
    return try store.commonestCurrency() ?? .eur
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

/// Turns stored rows into columns: the store's numbers of names become the table's codes.
private struct TableLoader: ~Copyable {
  private var builder: JourneyTable.Builder
  private var codes: [NameKind: [Int64: UInt32]] = [:]
  private let currencyCode: String
  private var lastRow: Int64

  init(after base: Snapshot?, currency: Currency) {
    builder =
      base.map { JourneyTable.Builder(extending: $0.table) }
      ?? JourneyTable.Builder(currency: currency)
    currencyCode = currency.code
    lastRow = base?.lastRow ?? 0
  }

  mutating func addName(_ kind: NameKind, _ number: Int64, _ text: String) {
    guard let dimension = Dimension(rawValue: kind.rawValue) else { return }
    codes[kind, default: [:]][number] = builder.code(dimension, text)
  }

  mutating func add(_ row: StoredRow) {
    lastRow = max(lastRow, row.id)
    var value: Int64 = 0
    if let amount = row.value {
      if row.currency == currencyCode { value = amount } else { builder.noteForeignValue() }
    }
    guard let customer = UInt32(exactly: row.customer) else {
      preconditionFailure("more customers than the engine can number")
    }
    builder.append(
      JourneyTable.Row(
        customer: customer, time: row.occurred, rowID: row.id, event: code(.event, row.event),
        channel: code(.channel, row.channel), origin: code(.origin, row.origin),
        device: code(.device, row.device), content: code(.content, row.content),
        campaign: code(.campaign, row.campaign), value: value))
  }

  private func code(_ kind: NameKind, _ number: Int64?) -> UInt32 {
    guard let number else { return Names.none }
    return codes[kind]?[number] ?? Names.none
  }

  consuming func finish() -> (JourneyTable, Int64) { (builder.build(), lastRow) }
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

  private static let questions = DispatchQueue(
    label: "questions", qos: .userInitiated, attributes: .concurrent)
}

extension Workspace {
  /// Does work that stores something, beside the threads that serve requests.
  func working<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Self.questions.async { continuation.resume(with: Swift.Result(catching: body)) }
    }
  }
}

extension JourneyTable {
  /// True when an amount in the table's own currency was met.
  fileprivate var hasValues: Bool { values.values.contains { $0 != 0 } }
}
