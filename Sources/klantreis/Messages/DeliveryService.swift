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
    await cancelWhenGracefulShutdown {
      var problem: String?
      var looked: ContinuousClock.Instant?
      while !Task.isCancelled {
        var handled = 0
        do {
          handled = try await turn()
          if looked.map({ .now - $0 > .seconds(Limits.lateSlotSeconds) }) ?? true {
            try await workspace.aside { [store = workspace.store] in
              _ = try store.skipLateSlots(at: .now)
            }
            looked = .now
          }
          problem = nil
        } catch {
          // Said once, and not what it says of anybody.
          if problem != "\(error)" { logger.error("Messages cannot be sent: \(error)") }
          problem = "\(error)"
        }
        if handled == 0 { try? await Task.sleep(for: .seconds(Limits.newsSeconds)) }
      }
    }
  }

  /// One round over all connections. Returns how many messages were handled.
  private func turn() async throws -> Int {
    let settings: MailSettings
    do {
      settings = try await workspace.aside { try workspace.mailSettings() }
    } catch is MailSettingProblem {
      // Nobody set mail up yet: what is written down waits. What the site shows needs no mail.
      try await tell()
      return 0
    }
    try await workspace.aside { [workspace] in
      _ = try workspace.store.endLeases(policy: settings.policy, at: .now)
    }
    let delivery = try workspace.delivery(settings)
    let handled = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<settings.connections {
        group.addTask {
          try await withCheckedThrowingContinuation { done in
            Self.queue.async { done.resume(with: Result { try delivery.sendDue() }) }
          }
        }
      }
      return try await group.reduce(0, +)
    }
    try await tell()
    return handled
  }

  /// Stores the touchpoints of what became of messages, by the way that all events take.
  private func tell() async throws {
    while true {
      let untold = try await workspace.aside { [workspace] in
        try workspace.store.untoldChanges(limit: Limits.messagesPerClaim)
      }
      guard !untold.isEmpty else { return }
      _ = try await intake.store(
        CollectedBatch(touchpoints: untold.compactMap { workspace.touchpoint(of: $0) }))
      try await workspace.aside { [workspace] in try workspace.store.markTold(untold) }
    }
  }
}

extension Workspace {
  /// What sends this project's messages.
  func delivery(_ settings: MailSettings) throws -> Delivery {
    let store = store
    // Read once for a round, when the first message needs them.
    let contents = Mutex<ContentCatalogue?>(nil)
    return Delivery(
      Delivery.Surroundings(
        claim: { limit, until, now in
          try store.claimMessages(
            channels: [.email, .sms, .webhook], limit: limit, until: until, at: now)
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
      settings: settings, key: try linkKey())
  }
}
