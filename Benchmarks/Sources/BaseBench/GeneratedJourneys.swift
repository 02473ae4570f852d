import JourneyEngine

/// About as many touchpoints as asked for, of a tenth as many customers, with names that the built-in
/// models know. The same number gives the same journeys.
struct GeneratedJourneys {
  let touchpoints: Int

  private static let events = [
    "Page Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed",
    "Message Opened", "Message Clicked", "Review Submitted",
  ]
  private static let channels = ["Website", "Email", "App", "Shop", "Paid Search", "Social"]

  func table() -> JourneyTable {
    var builder = JourneyTable.Builder()
    builder.expect(touchpoints: touchpoints)
    let events = Self.events.map { builder.code(.event, $0) }
    let channels = Self.channels.map { builder.code(.channel, $0) }
    let contents = (0..<500).map { builder.code(.content, "page \($0)") }
    var state: UInt64 = 7
    func draw(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    var customer: UInt32 = 0
    while builder.count < touchpoints {
      var time = 1_700_000_000_000 + Int64(draw(300 * 86_400)) * 1000
      for _ in 0...(draw(10) == 0 ? draw(60) : draw(13)) where builder.count < touchpoints {
        // The commoner, the earlier in the list.
        let event = min(draw(8), draw(8))
        builder.append(
          JourneyTable.Row(
            customer: customer, time: time, rowID: Int64(builder.count),
            event: events[Int(event)], channel: channels[Int(min(draw(6), draw(6)))],
            content: contents[Int(draw(500))], value: event == 4 ? 6000 : 0))
        time += Int64(draw(4 * 86_400)) * 1000
      }
      customer += 1
    }
    return builder.build()
  }
}
