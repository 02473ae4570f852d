import CustomerJourney
import Foundation
import Testing

@testable import Collector

/// What good and bad requests become, against what they became before: for changes that should only
/// make it faster. `KLANTREIS_RECORD=1` records it anew.
@Suite("The same requests")
struct SameRowsTests {
  private static let inputs: UInt64 = 1_500
  private static let inputsPerLine: UInt64 = 50

  @Test("become the same rows as when they were recorded", arguments: DialectFixture.all)
  func rows(_ fixture: DialectFixture) async throws {
    let seeds =
      [1, min(3, fixture.eventsPerRequest)].map {
        fixture.request(SampleEvent.several($0), testNow)
      } + fixture.more.map(\.request)
    let mutator = Mutator(seeds)
    var lines: [String] = []
    for first in stride(from: 0, to: Self.inputs, by: Int(Self.inputsPerLine)) {
      // FNV-1a.
      var digest: UInt64 = 0xcbf2_9ce4_8422_2325
      for number in first..<(first + Self.inputsPerLine) {
        let request = number < seeds.count ? seeds[Int(number)] : mutator.request(number: number)
        let (reply, batch) = await TestDoor().receive(request)
        for byte in Self.text(reply, batch).utf8 {
          digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3
        }
      }
      lines.append("\(first) \(String(digest, radix: 16))")
    }
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Golden").appending(
        path: "\(fixture.dialect.name)\(fixture.isQuery ? "-query" : "").txt")
    let text = lines.joined(separator: "\n") + "\n"
    if ProcessInfo.processInfo.environment["KLANTREIS_RECORD"] != nil {
      try Data(text.utf8).write(to: file)
      return
    }
    let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self).split(
      separator: "\n")
    let changed = zip(lines, expected).first { $0 != $1 }
    #expect(
      changed == nil && lines.count == expected.count,
      "from input \(changed?.0 ?? "0") on something is stored otherwise than before")
  }

  private static func text(_ reply: CollectorReply, _ batch: CollectedBatch) -> String {
    var text = "\(reply.status) \(String(decoding: reply.body, as: UTF8.self)) \(batch.leftOut)\n"
    for one in batch.touchpoints {
      text += "\(one.customer) \(one.alsoKnownAs) \(one.occurred.milliseconds) "
      text += "\(one.clientTime?.milliseconds ?? 1) \(one.utcOffsetMinutes ?? 9_999) "
      text += "\(one.received.milliseconds) \(one.messageID) \(one.source) \(one.event.name) "
      text += "\(one.channel.name) \(one.origin?.name ?? "-") \(one.device?.name ?? "-") "
      text += "\(one.content ?? "-") \(one.campaign ?? "-") \(one.value?.minorUnits ?? 0) "
      text += "\(one.value?.currency.code ?? "-") "
      var json: [UInt8] = []
      PropertyValue.append(one.properties, to: &json)
      text += String(decoding: json, as: UTF8.self) + "\n"
    }
    for one in batch.profiles {
      text += "\(one.customer) \(one.alsoKnownAs) \(PropertyValue.json(one.traits)) "
      text += "\(one.account ?? "-") \(PropertyValue.json(one.accountTraits)) "
      text += "\(one.occurred.milliseconds) \(one.messageID ?? "-")\n"
    }
    for one in batch.rejected { text += "\(one.kind) \(one.reason) \(one.request.body)\n" }
    return text
  }
}
