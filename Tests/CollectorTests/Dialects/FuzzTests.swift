import CustomerJourney
import Foundation
import Testing

@testable import Collector

/// Bad requests by the thousand, each made from a good one of the dialect's clients.
///
/// `KLANTREIS_FUZZ` says how many a dialect gets (`Tests/fuzz.sh` sends ten million), and
/// `KLANTREIS_FUZZ_SEED` with which number to begin, to see a failure again.
@Suite("Fuzzing")
struct FuzzTests {
  private static func setting(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
  }

  private static let isLong = setting("KLANTREIS_FUZZ") != nil
  private static let inputs = setting("KLANTREIS_FUZZ") ?? 10_000
  private static let firstSeed =
    setting("KLANTREIS_FUZZ_SEED") ?? (isLong ? .random(in: 0...(.max / 2)) : 20_240_615)

  /// All that a client may hear.
  private static let statuses: Set<Int> = [200, 204, 400, 401, 405, 413]

  @Test(
    "nothing that is sent breaks a dialect or gets past the limits",
    arguments: DialectFixture.all)
  func fuzz(_ fixture: DialectFixture) async throws {
    let seeds =
      [1, min(3, fixture.eventsPerRequest)].map {
        fixture.request(SampleEvent.several($0), testNow)
      } + fixture.more.map(\.request)
    let mutator = Mutator(seeds)
    let door = TestDoor()
    var accepted = 0
    for number in Self.firstSeed..<(Self.firstSeed + Self.inputs) {
      if Self.isLong, number % 100_000 == 0 {
        // Where the program crashes, the last of these tells where to begin again.
        FileHandle.standardError.write(Data("fuzz \(fixture.dialect.name) \(number)\n".utf8))
      }
      let request = mutator.request(number: number)
      let (reply, batch) = await door.receive(request)
      accepted += batch.touchpoints.count + batch.profiles.count
      if let problem = Self.problem(reply, batch, of: request, fixture.dialect, number) {
        Issue.record("\(problem); begin again with KLANTREIS_FUZZ_SEED=\(number)")
        return
      }
    }
    // A fuzzer whose inputs are all refused at the door tests nothing but the door.
    // An event of CloudEvents has four members that it cannot do without.
    #expect(accepted > Int(Self.inputs) / 8)
  }

  private static func problem(
    _ reply: CollectorReply, _ batch: CollectedBatch, of request: CollectorRequest,
    _ dialect: any Dialect, _ number: UInt64
  ) -> String? {
    guard statuses.contains(reply.status) else { return "answered \(reply.status)" }
    guard reply.status < 400 else {
      return batch.touchpoints.isEmpty && batch.profiles.isEmpty && batch.rejected.count <= 1
        ? nil : "kept events that it refused"
    }
    for touchpoint in batch.touchpoints {
      if let broken = broken(touchpoint) { return "let \(broken) through" }
    }
    for change in batch.profiles {
      // What is said of a company alone is nobody's.
      if change.account == nil || !change.customer.isEmpty,
        let broken = brokenKey(change.customer)
      {
        return "let \(broken) through"
      }
      if change.traits.count > Limits.propertiesPerEvent { return "let too many traits through" }
    }
    // Reading all twice would be half of the work.
    guard number % 16 == 0, var unpacked = Optional(request) else { return nil }
    guard
      let body = try? Unpacking.unpacked(
        request.body, encoding: request.headers["content-encoding"], limit: dialect.bodyBytes)
    else { return "accepted what cannot be unpacked" }
    unpacked.body = body
    guard let delivery = try? dialect.read(unpacked) else {
      // Where content is never an error of the request, it is kept apart.
      return batch.touchpoints.isEmpty && batch.profiles.isEmpty
        ? nil : "accepted what cannot be read"
    }
    let found = delivery.isQuestion ? 0 : delivery.events.count + delivery.rejected.count
    return found == batch.count ? nil : "kept \(batch.count) of \(found) events"
  }

  private static func brokenKey(_ key: String) -> String? {
    if key.isEmpty || key.utf8.count > Limits.nameCharacters + 10 { return "a long customer" }
    return key.utf8.contains(0) ? "a customer with NUL" : nil
  }

  private static func broken(_ touchpoint: Touchpoint) -> String? {
    for key in [touchpoint.customer] + touchpoint.alsoKnownAs {
      if let broken = brokenKey(key) { return broken }
    }
    for name in [touchpoint.event.name, touchpoint.content ?? "x", touchpoint.messageID] {
      if name.isEmpty || name.utf8.count > Limits.nameCharacters || name.utf8.contains(0) {
        return "a bad name"
      }
    }
    if touchpoint.messageID.unicodeScalars.count > Limits.messageIDCharacters { return "a long id" }
    // Besides its own, what the context is read into.
    if touchpoint.properties.count > Limits.propertiesPerEvent + 32 { return "many properties" }
    if touchpoint.occurred.milliseconds < Limits.earliestMilliseconds
      || touchpoint.occurred > testNow.adding(seconds: Limits.futureMilliseconds / 1_000)
    {
      return "a wrong time"
    }
    if abs(touchpoint.utcOffsetMinutes ?? 0) > Limits.utcOffsetMinutes { return "a wrong offset" }
    let most = Limits.amount * Int64(touchpoint.value?.currency.minorUnits ?? 1)
    return abs(touchpoint.value?.minorUnits ?? 0) > most ? "a wrong amount" : nil
  }
}
