import CustomerJourney

/// Events of a client's protocol, read by the same ``Dialect`` as those that are sent.
final class EventPart: PartReader {
  private enum Splitter {
    case objects(JSONSplitter)
    case lines(LineSplitter)
  }

  private let dialect: any Dialect
  private let splitter: Splitter
  private let window: ByteWindow
  private let part: String
  private let judge: EventJudge

  init(
    dialect: any Dialect, window: ByteWindow, head: [UInt8], part: String, judge: EventJudge
  ) {
    self.dialect = dialect
    self.window = window
    self.part = part
    self.judge = judge
    let first = head.first { ![32, 9, 10, 13].contains($0) }
    let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    splitter =
      isJSON
      ? .objects(EventFile.splitter(window, head: head, limit: Limits.collectedBytes))
      : .lines(LineSplitter(window: window))
  }

  var failure: (any Error)? { window.failure }

  func next(into batch: inout [ImportedRow]) -> Int? {
    switch splitter {
    case .objects(let splitter):
      switch splitter.next() {
      case .end: return nil
      case .rejected(let reason, let text): return reject(reason, text, splitter.line, &batch)
      case .object(let bytes): return read(bytes, splitter.line, &batch)
      }
    case .lines(let splitter):
      switch splitter.next() {
      case .end: return nil
      case .rejected(let reason): return reject(reason, "", splitter.line, &batch)
      case .line(let bytes): return read(bytes, splitter.line, &batch)
      }
    }
  }

  private func reject(
    _ reason: String, _ text: String, _ line: Int, _ batch: inout [ImportedRow]
  ) -> Int {
    batch.append(
      .rejected(RejectedRow(part: part, line: line, reason: reason, text: text)))
    return 1
  }

  private func read(_ bytes: Bytes, _ line: Int, _ batch: inout [ImportedRow]) -> Int {
    let excerpt = {
      String(decoding: bytes.prefix(Limits.excerptBytes), as: UTF8.self)
    }
    let item: EventFile.Item
    let delivery: Delivery
    do {
      item = try EventFile.item(bytes, of: dialect, at: judge.now, number: line)
      var request = item.request
      // What was so long before its arrival is found by this; see below.
      request.received = item.received ?? .epoch
      delivery = try dialect.read(request)
    } catch let problem as JSONProblem {
      // It ends a sentence already, as reasons don't.
      let reason = problem.reason.prefix { $0 != "." }
      return reject("is no JSON: \(reason)", excerpt(), line, &batch)
    } catch Refusal.malformed(let reason) {
      return reject("cannot be read as \(dialect.name): \(reason)", excerpt(), line, &batch)
    } catch let refusal as Refusal {
      return reject("is refused: \(refusal.words.message)", excerpt(), line, &batch)
    } catch {
      return reject("cannot be read as \(dialect.name)", excerpt(), line, &batch)
    }
    for (_, reason) in delivery.rejected { _ = reject(reason, excerpt(), line, &batch) }
    for event in delivery.events {
      var event = event
      // Where nobody knows when an event arrived, its own clock is taken as it is; one that only
      // counts back from its arrival says nothing.
      if item.received == nil {
        event.sent = nil
        if let occurred = event.occurred, occurred <= .epoch { event.occurred = nil }
      }
      guard let moment = item.received ?? judge.moment(of: event) else {
        _ = reject(
          "has no time of its own, and a file has no moment of arrival", excerpt(), line, &batch)
        continue
      }
      var request = item.request
      request.received = min(moment, judge.now)
      batch += judge.rows(of: event, in: request, part: part, line: line, excerpt: excerpt)
    }
    let count = delivery.events.count + delivery.rejected.count
    guard count == 0 else { return count }
    return reject("holds no event of \(dialect.name)", excerpt(), line, &batch)
  }
}
