import CustomerJourney
import Foundation
import Logging
import Orchestration
import ServiceLifecycle
import Store
import Synchronization

/// Sends what is due while the server runs, and stores the touchpoints of what was sent.
struct DeliveryService: Service {
  let workspace: Workspace
  let intake: Intake
  let logger: Logger

  private static let queue = DispatchQueue(label: "delivery", attributes: .concurrent)

  func run() async throws {
    let rates = DomainRates()
    let senders = Senders()
    await cancelWhenGracefulShutdown {
      var looked: ContinuousClock.Instant?
      await withDiscardingTaskGroup { group in
        while !Task.isCancelled {
          var isMoreToTell = false
          do {
            // Each connection goes on by itself: one with a server that stalls holds up no other.
            for _ in 0..<senders.missing(of: try await look()) {
              group.addTask { await keepSending(rates, senders) }
            }
            isMoreToTell = try await tell()
            try await letGoOfLateSlots(&looked)
          } catch {
            complain(error, senders)
          }
          if !isMoreToTell { try? await Task.sleep(for: .seconds(Limits.newsSeconds)) }
        }
        senders.stop()
      }
    }
  }

  /// Lets go now and then of what waited on the site for visitors who did not come in time.
  private func letGoOfLateSlots(_ looked: inout ContinuousClock.Instant?) async throws {
    guard looked.map({ .now - $0 > .seconds(Limits.lateSlotSeconds) }) ?? true else { return }
    try await workspace.aside { [store = workspace.store] in _ = try store.skipLateSlots(at: .now) }
    looked = .now
  }

  /// Each problem is said once, and not what it says of anybody.
  private func complain(_ error: any Error, _ senders: Senders) {
    if senders.isNews("\(error)") { logger.error("Messages cannot be sent: \(error)") }
  }

  /// Frees what senders left that were not heard of. Returns how many are to send; none while nobody set
  /// mail up: what is written down waits.
  private func look() async throws -> Int {
    try await workspace.aside { [workspace] in
      let settings: MailSettings
      do {
        settings = try workspace.mailSettings()
      } catch is MailSettingProblem {
        return 0
      }
      _ = try workspace.store.endLeases(policy: settings.policy, at: .now)
      let isAny = try workspace.store.isAnyDue(channels: Self.channels, at: .now)
      return isAny ? settings.connections : 0
    }
  }

  static let channels: [MessageChannel] = [.email, .sms, .webhook]

  /// Sends by one connection until nothing is due.
  private func keepSending(_ rates: DomainRates, _ senders: Senders) async {
    defer { senders.leave() }
    do {
      var handled = 1
      while handled > 0, senders.goOn {
        handled = try await withCheckedThrowingContinuation { done in
          Self.queue.async { [workspace] in
            done.resume(
              with: Result {
                try workspace.delivery(try workspace.mailSettings(), rates)
                  .sendDue(while: { senders.goOn })
              })
          }
        }
      }
    } catch {
      complain(error, senders)
    }
  }

  /// Stores the touchpoints of what became of messages, by the way that all events take.
  /// True when there are more.
  private func tell() async throws -> Bool {
    let untold = try await workspace.aside { [workspace] in
      try workspace.store.untoldChanges(limit: Limits.changesPerTelling)
    }
    guard !untold.isEmpty else { return false }
    _ = try await intake.store(
      CollectedBatch(touchpoints: untold.compactMap { workspace.touchpoint(of: $0) }))
    try await workspace.aside { [workspace] in try workspace.store.markTold(untold) }
    return untold.count == Limits.changesPerTelling
  }
}

/// How many send at the moment, and whether they are to go on.
private final class Senders: Sendable {
  private struct State {
    var count = 0
    var goOn = true
    var problem: String?
  }

  private let state = Mutex(State())

  var goOn: Bool { state.withLock { $0.goOn } }

  /// How many more are to begin, so that there are so many. They count from now on.
  func missing(of wanted: Int) -> Int {
    state.withLock { state in
      let missing = max(0, wanted - state.count)
      state.count += missing
      return missing
    }
  }

  func leave() { state.withLock { $0.count -= 1 } }

  func stop() { state.withLock { $0.goOn = false } }

  func isNews(_ problem: String) -> Bool {
    state.withLock { state in
      defer { state.problem = problem }
      return state.problem != problem
    }
  }
}

extension Workspace {
  /// What sends this project's messages.
  func delivery(_ settings: MailSettings, _ rates: DomainRates) throws -> Delivery {
    let store = store
    // Read once for what is claimed at once, when the first message needs them.
    let contents = Mutex<ContentCatalogue?>(nil)
    return Delivery(
      Delivery.Surroundings(
        claim: { limit, until, now in
          try store.claimMessages(
            channels: DeliveryService.channels, limit: limit, until: until, at: now)
        },
        note: { notes, policy, now in try store.note(notes, policy: policy, at: now) },
        check: { [self] message, now in try PlayGate(workspace: self).check(message, now: now) },
        recipient: { [self] message, _, now in
          try recipient(
            of: message.intent.customer, data: message.intent.data,
            language: message.intent.language, try snapshot(), at: now)
        },
        content: { [self] id in
          try contents.withLock { known in
            let catalogue = try known ?? self.contents(try snapshot())
            known = catalogue
            return catalogue[id]
          }
        },
        isClosed: { [self] address in try store.suppression(try digest(of: address)) != nil },
        close: { [self] address, reason, now in
          try store.suppress(
            .init(
              digest: try digest(of: address), address: address.text, reason: reason, at: now))
        },
        webhook: { [self] name in try webhook(name) }, now: { .now }),
      settings: settings, key: try linkKey(), rates: rates)
  }
}
