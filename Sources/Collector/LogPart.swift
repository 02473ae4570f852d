import Crypto
import CustomerJourney
import Foundation

/// A web server's log as touchpoints: pages that were seen and files that were downloaded.
///
/// A visitor is a keyed hash of address and user agent; the address itself is not kept, not even
/// beside a rejected line. What the user agent and the referrer say is read as at the front door.
final class LogPart: PartReader {
  private let splitter: LineSplitter
  private let window: ByteWindow
  private let part: String
  private let judge: EventJudge
  private let key: SymmetricKey
  private var ids: MessageIDs
  /// The site's own name where lines don't say it, so that its own pages are no referrers.
  private let host: String?

  /// - Parameters:
  ///   - ids: Must be keyed too: a bare hash of a line could be tried out for every address.
  init(
    window: ByteWindow, head: [UInt8], part: String, judge: EventJudge, visitorKey: String,
    saidSource: String?
  ) {
    splitter = LineSplitter(window: window)
    self.window = window
    self.part = part
    self.judge = judge
    key = SymmetricKey(data: Data(visitorKey.utf8))
    ids = MessageIDs(source: "\(visitorKey)\u{0}\(saidSource ?? "")")
    host = Self.ownHost(head)
  }

  var failure: (any Error)? { window.failure }

  func next(into batch: inout [ImportedRow]) -> Int? {
    switch splitter.next() {
    case .end: return nil
    case .rejected(let reason): reject(reason, "", &batch)
    case .line(let bytes): read(bytes, &batch)
    }
    return 1
  }

  private func reject(
    _ reason: String, _ text: String, isExpected: Bool = false, _ batch: inout [ImportedRow]
  ) {
    batch.append(
      .rejected(
        RejectedRow(
          part: part, line: splitter.line, reason: reason, text: text, isExpected: isExpected)))
  }

  private func read(_ bytes: Bytes, _ batch: inout [ImportedRow]) {
    let entry: CombinedLog
    do throws(CombinedLog.Problem) {
      entry = try CombinedLog(bytes)
    } catch {
      return reject(error.reason, Self.withoutAddress(bytes), &batch)
    }
    var event = ClientEvent()
    switch entry.visit {
    case .page: event.name = EventName.pageViewed.name
    case .download: event.name = "File Downloaded"
    case .none(let reason):
      return reject(reason, Self.withoutAddress(bytes), isExpected: true, &batch)
    }
    event.anonymousID = visitor(entry)
    event.userID = entry.user
    event.occurred = entry.time
    let digest = ids.digest(of: bytes)
    event.messageID = ids.id(digest, occurrence: ids.occurrence(of: digest), moment: 0)
    event.page.url = url(entry)
    event.page.referrer = entry.referrer
    event.device.userAgent = entry.agent
    event.device.address = entry.address
    // Its query can hold anything that somebody typed elsewhere.
    event.properties.add("referrer", entry.referrer.map { String($0.prefix { $0 != "?" }) })
    if let size = entry.bytes { event.properties.add("bytes", .number(Double(size))) }
    batch +=
      judge.rows(of: event, in: judge.request(at: entry.time), part: part, line: splitter.line) {
        Self.withoutAddress(bytes)
      }
  }

  private func visitor(_ entry: CombinedLog) -> String {
    let text = "\(entry.address)\u{0}\(entry.agent ?? "")"
    let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
    return code.prefix(12).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func url(_ entry: CombinedLog) -> String {
    guard entry.target.hasPrefix("/"), let host = entry.virtualHost ?? host else {
      return entry.target
    }
    return "https://\(host)\(entry.target)"
  }

  /// The host from which most parts of pages are asked for: a page's own pictures, styles and
  /// scripts name the page as referrer. Nil when there are too few to tell.
  static func ownHost(_ head: [UInt8]) -> String? {
    var counts: [String: Int] = [:]
    for line in head.split(separator: 10) {
      guard let entry = line.withUnsafeBufferPointer({ try? CombinedLog($0) }),
        case .none = entry.visit, entry.status == 200 || entry.status == 304,
        let referrer = entry.referrer, let scheme = referrer.firstRange(of: "://")
      else { continue }
      let name = referrer[scheme.upperBound...].prefix { !"/?#:".contains($0) }.lowercased()
      counts[name.hasPrefix("www.") ? String(name.dropFirst(4)) : name, default: 0] += 1
    }
    let total = counts.values.reduce(0, +)
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
      .flatMap { $0.value * 2 > total && total >= 5 ? $0.key : nil }
  }

  /// The beginning of a line after the words in which the address can stand.
  private static func withoutAddress(_ bytes: Bytes) -> String {
    guard let mark = bytes.firstIndex(of: UInt8(ascii: "[")) else { return "" }
    return String(decoding: bytes[mark...].prefix(Limits.excerptBytes), as: UTF8.self)
  }
}
