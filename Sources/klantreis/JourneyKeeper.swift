import CustomerJourney
import Dispatch
import Foundation
import JourneyEngine
import Store
import Synchronization

/// Keeps a project's journeys in memory in step with the store, and a base of them in a file, so that
/// the next start need not read them all from the store.
///
/// The file is only ever a shortcut: what it does not have is read from the store, and when it is
/// missing, damaged or of another database, all is.
final class JourneyKeeper: Sendable {
  /// When a new base is written.
  struct Policy: Sendable {
    /// Journeys with fewer touchpoints are read from the store in less than a second.
    var smallestBase = Limits.smallestBase
    /// Touchpoints beside the base, at least.
    var overlay = Limits.overlayTouchpoints
    /// After a failure, no sooner than this.
    var patience: Duration = .seconds(60)
    /// True where readers go on meanwhile; a command writes only what it had to read from the store.
    var inBackground = false
    /// Bytes of memory that are to be had; nil where nobody knows.
    var freeMemory: @Sendable () -> Int? = { FreeMemory.bytes() }
  }

  /// What can be said of the journeys in memory.
  struct Status: Sendable, Equatable {
    /// Touchpoints that stand in the file, and those over it.
    var baseTouchpoints = 0
    var overlayTouchpoints = 0
    var parts = 0
    /// Bytes that the journeys take beside the file.
    var bytesBeside = 0
    /// Bases written since the start, and attempts that failed.
    var written = 0
    var failed = 0
    /// Why the last attempt failed; nil when none did or one succeeded since.
    var problem: String?
    /// Why the base file was not used at the start; nil when it was.
    var rebuilt: String?
  }

  private let store: Store
  private let file: URL
  private let policy: Policy
  private let output: BaseFile.Output?
  private let say: @Sendable (String) -> Void
  private let state = Mutex(State())
  private let told = Mutex(Status())
  private var storage: ColumnStorage { ColumnStorage(folder: file.deletingLastPathComponent()) }
  /// One base at a time.
  private let writing = DispatchQueue(label: "base", qos: .utility)

  /// Journeys and how far they have read the store.
  private struct Held {
    var journeys: Journeys
    var codes = NameCodes()
    var mark = StoreMark()
    /// The table that stands in the file.
    var filed: JourneyTable?

    var filedCount: Int {
      guard let base = journeys.parts.first, base.table === filed else { return 0 }
      return base.count
    }
  }

  private struct State {
    var held: Held?
    /// Somebody writes a base, or will in a moment.
    var isWriting = false
    var failedAt: ContinuousClock.Instant?
  }

  /// `output` takes the place of the system's way to write, for tests; `say` gets a line for people.
  init(
    store: Store, folder: URL, policy: Policy = Policy(), output: BaseFile.Output? = nil,
    say: @escaping @Sendable (String) -> Void = { Terminal.note("klantreis: \($0)") }
  ) {
    self.store = store
    self.policy = policy
    self.output = output
    self.say = say
    file = folder.appending(path: BaseFile.name)
  }

  /// Who asks waits for nobody who reads.
  var status: Status { told.withLock { $0 } }

  /// The journeys as the store has them now, with values in `currency`; without one in the
  /// commonest of the data when amounts were first read.
  func journeys(in currency: Currency?) throws -> Journeys { try read(in: currency).journeys }

  /// The same, and how far the store was read for them.
  func read(in currency: Currency?) throws -> (journeys: Journeys, mark: StoreMark) {
    let (journeys, mark, isWanted) = try state.withLock { state -> (Journeys, StoreMark, Bool) in
      var held = try state.held ?? opened(currency)
      if let currency, held.journeys.currency != currency {
        held = Held(journeys: Journeys(currency: currency, storage: storage))
      }
      let wasWriting = state.isWriting
      let isFirst = state.held == nil
      let hadValues = held.journeys.hasValues
      let wasEmpty = held.mark == StoreMark()
      try catchUp(&held, orOpen: currency)
      if currency == nil, !hadValues, !wasEmpty, held.journeys.hasAmounts,
        let common = try store.commonestCurrency(), common != held.journeys.currency
      {
        held = Held(journeys: Journeys(currency: common, storage: storage))
        try catchUp(&held)
      }
      state.held = held
      note(held)
      state.isWriting = state.isWriting || isDue(held, state)
      if isFirst, held.filed == nil, policy.inBackground {
        // Without a base nobody needs them; with one they go when the next is written.
        writing.async { [store, mark = held.mark] in Self.forgetChanges(upTo: mark, in: store) }
      }
      return (held.journeys, held.mark, !wasWriting && state.isWriting)
    }
    if isWanted {
      if policy.inBackground {
        writing.async { [self] in Cores.inBackground { write() } }
      } else {
        writeBase()
      }
    }
    return (journeys, mark)
  }

  // MARK: Reading

  /// What the file has, or nothing yet.
  private func opened(_ currency: Currency?) throws -> Held {
    let rebuilt: String
    do {
      let base = try BaseFile.load(from: file)
      if let currency, base.table.currency != currency {
        throw Unusable(
          reason: "it counts in \(base.table.currency.code) and the project in \(currency.code)")
      }
      guard try store.knows(base.mark) else {
        throw Unusable(reason: "it was made of another database, or of another state of this one")
      }
      return Held(
        journeys: Journeys(base.table), codes: base.codes, mark: base.mark, filed: base.table)
    } catch let problem as BaseFileProblem {
      rebuilt = "\(problem)"
    } catch let problem as Unusable {
      rebuilt = problem.reason
    }
    told.withLock { $0.rebuilt = rebuilt }
    // A small project never has one.
    if rebuilt != "\(BaseFileProblem.missing)" {
      say(
        "The base \(BaseFile.name) is not used: \(rebuilt). The journeys are read "
          + "from the database instead.")
    }
    return Held(
      journeys: Journeys(
        currency: try currency ?? store.commonestCurrency() ?? .eur, storage: storage))
  }

  private struct Unusable: Error, CustomStringConvertible {
    var reason: String
    var description: String { reason }
  }

  private func catchUp(_ held: inout Held) throws {
    // Much in parts: what comes meanwhile stays in the write-ahead log for as long as anybody reads. All
    // at once is faster where there is nothing to add it to.
    let isFirst = held.mark == StoreMark()
    var perStep = Limits.touchpointsPerStep
    while true {
      var reader = JourneyReader(held.journeys, held.codes)
      let news = try store.readNews(
        since: held.mark, to: &reader, atMost: isFirst ? .max : Limits.newsPerReading,
        perStep: perStep)
      guard news.mark != held.mark else { return }
      held.mark = news.mark
      (held.journeys, held.codes) = reader.finish()
      guard news.isMore else { return }
      store.giveWay()
      // What changed meanwhile comes in one step: the end is always of one moment.
      perStep = .max
    }
  }

  /// The same. Where another process has let go of changes that were not read here, its base has them.
  private func catchUp(_ held: inout Held, orOpen currency: Currency?) throws {
    do {
      try catchUp(&held)
    } catch is ForgottenChanges {
      held = try opened(currency ?? held.journeys.currency)
      try catchUp(&held)
    }
  }

  // MARK: Writing

  private func note(_ held: Held) {
    told.withLock { status in
      status.baseTouchpoints = held.filedCount
      status.overlayTouchpoints = held.journeys.count - held.filedCount
      status.parts = held.journeys.parts.count
      status.bytesBeside = held.journeys.bytesBeside(filed: held.filed)
    }
  }

  private func isDue(_ held: Held, _ state: State) -> Bool {
    if let failedAt = state.failedAt, ContinuousClock.now - failedAt < policy.patience {
      return false
    }
    let beside = held.journeys.count - held.filedCount
    if held.filed == nil { return beside >= policy.smallestBase }
    return policy.inBackground && beside >= max(held.filedCount / 4, policy.overlay)
  }

  /// Writes a new base of the journeys as they are, and goes on with it. Readers and what is stored
  /// meanwhile do not wait.
  func writeBase() { writing.sync { write() } }

  /// Lets go of all journeys in memory and of the file, since names in both may be erased: they are read
  /// again from the store.
  func forget() throws {
    try writing.sync {
      state.withLock { $0.held = nil }
      for old in files { try FileManager.default.removeItem(at: old) }
    }
  }

  /// True when a file has journeys.
  var hasFile: Bool { !files.isEmpty }

  /// The file of the base, and what a kill left of one that was being written.
  private var files: [URL] {
    [file, BaseFile.fileBeside(file)].filter { FileManager.default.fileExists(atPath: $0.path) }
  }

  private func write() {
    defer { state.withLock { $0.isWriting = false } }
    guard let held = state.withLock({ $0.held }) else { return }
    do {
      try write(held)
    } catch BaseWriteError.busy, BaseWriteError.outdated {
      // The other process does the work.
      state.withLock { $0.failedAt = .now }
    } catch {
      noteFailure(error)
      say(
        "The base \(BaseFile.name) could not be written: \(error). What there was stays in use, and "
          + "it is tried again later.")
    }
  }

  /// Writes a base of what the store has now, and goes on with it. Returns when no file has anything
  /// any more that was erased before, names included.
  ///
  /// Where there is no file, there is nothing to do. Where a new one cannot be written, the old one
  /// goes: the next start reads the store. Throws when not even that can be done.
  func renew() throws {
    if state.withLock({ $0.held == nil }) { _ = try read(in: nil) }
    try writing.sync {
      guard hasFile else { return }
      do {
        let held = try state.withLock { state -> Held? in
          guard var held = state.held else { return nil }
          try catchUp(&held, orOpen: nil)
          state.held = held
          note(held)
          return held
        }
        guard let held else { return }
        let known = try store.names().map { (Dimension(rawValue: $0.rawValue), $1, $2) }
        try write(
          held, RenewedNames(known, of: held.journeys, codes: held.codes), isUrgent: true)
      } catch {
        noteFailure(error)
        for file in files where FileManager.default.fileExists(atPath: file.path) {
          try FileManager.default.removeItem(at: file)
        }
        say(
          "The base \(BaseFile.name) could not be written: \(error). It had to make place for one "
            + "without what was erased, so it was removed; the next start reads the database.")
      }
    }
  }

  /// `isUrgent` waits for another process that writes one.
  private func write(
    _ held: Held, _ names: RenewedNames? = nil, isUrgent: Bool = false
  ) throws {
    try checkMemory(for: held.journeys)
    // One that knows of later changes stays: what they erased must not come back.
    let replaces = { [store] (other: StoreMark) in
      other.change <= held.mark.change || (try? store.knows(other)) != true
    }
    do {
      if let output {
        try BaseFile.write(
          held.journeys, codes: held.codes, mark: held.mark, names: names, to: file,
          output: output, waits: isUrgent, replaces: replaces)
      } else {
        try BaseFile.write(
          held.journeys, codes: held.codes, mark: held.mark, names: names, to: file,
          waits: isUrgent, replaces: replaces)
      }
    } catch {
      // Urgent is only what the other one, which was read later, has too.
      guard isUrgent, error == .outdated else { throw error }
    }
    try moveOn(to: try BaseFile.load(from: file), from: held.journeys)
    state.withLock { $0.failedAt = nil }
    told.withLock { status in
      status.written += 1
      status.problem = nil
    }
    Self.forgetChanges(upTo: held.mark, in: store)
  }

  /// What the base has need not be told to anybody any more.
  private static func forgetChanges(upTo mark: StoreMark, in store: Store) {
    // A store that cannot be written to keeps them until the next base.
    try? store.forgetJourneyChanges(upTo: mark.change)
  }

  private func noteFailure(_ error: any Error) {
    state.withLock { $0.failedAt = .now }
    told.withLock { status in
      status.failed += 1
      status.problem = "\(error)"
    }
  }

  private func checkMemory(for journeys: Journeys) throws {
    let needed = journeys.memoryOfNewBase
    guard let free = policy.freeMemory(), free < needed else { return }
    throw Unusable(
      reason: "it takes \(needed >> 20) MB of memory and the machine has \(free >> 20) MB left")
  }

  /// Takes a base in use: what came since it was begun is read once more from the store.
  private func moveOn(to base: OpenedBase, from old: Journeys) throws {
    guard base.table.currency == old.currency, try store.knows(base.mark) else { return }
    var held = Held(
      journeys: Journeys(base.table), codes: base.codes, mark: base.mark, filed: base.table)
    try catchUp(&held)
    old.placeAgain(in: held.journeys)
    try state.withLock { state in
      guard state.held?.journeys.currency == held.journeys.currency else { return }
      // What came during the last step; readers never go back.
      try catchUp(&held)
      state.held = held
      note(held)
    }
  }
}

/// Turns what is new in the store into journeys: the store's numbers of names become codes.
private struct JourneyReader: NewsReader, ~Copyable {
  private var renewal: Journeys.Renewal
  private var codes: NameCodes
  private let currencyCode: String

  init(_ journeys: Journeys, _ codes: NameCodes) {
    renewal = Journeys.Renewal(of: journeys)
    self.codes = codes
    currencyCode = journeys.currency.code
  }

  mutating func expect(touchpoints: Int) { renewal.expect(touchpoints: touchpoints) }

  mutating func addName(_ kind: NameKind, _ number: Int64, _ text: String) {
    // A source is no fact of a journey.
    guard let dimension = Dimension(rawValue: kind.rawValue) else { return }
    codes[number] = renewal.code(dimension, text)
  }

  mutating func changed(customers: Set<Int64>) -> [Int64] {
    renewal.reread(customers.compactMap { UInt32(exactly: $0) }).map(Int64.init)
  }

  mutating func add(_ row: StoredRow) {
    guard let customer = UInt32(exactly: row.customer) else {
      preconditionFailure("more customers than the engine can number")
    }
    let isForeign = row.value != nil && row.currency != currencyCode
    renewal.append(
      JourneyTable.Row(
        customer: customer, time: row.occurred, rowID: row.id, event: codes[row.event],
        channel: codes[row.channel], origin: code(row.origin), device: code(row.device),
        content: code(row.content), campaign: code(row.campaign),
        value: isForeign ? 0 : row.value ?? 0, isForeign: isForeign))
  }

  private func code(_ number: Int64?) -> UInt32 { number.map { codes[$0] } ?? Names.none }

  consuming func finish() -> (Journeys, NameCodes) { (renewal.finish(), codes) }
}

extension Journeys {
  /// True when there is an amount in any currency.
  fileprivate var hasAmounts: Bool { hasValues || foreignValues > 0 }
}
