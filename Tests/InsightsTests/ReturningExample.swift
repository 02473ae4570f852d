import Insights
import JourneyEngine

/// Of the customers who began in a channel, how many came back at all.
struct Returning: Codable, Equatable, Sendable {
  var rows: [Row]

  struct Row: Codable, Equatable, Sendable {
    var channel: String
    var customers = 0
    var cameBack = 0
  }
}

/// Counts ``Returning``.
struct ReturningFold: Fold {
  let channels: [String]

  init(table: JourneyTable) { channels = table.names(.channel).all }

  var columns: Columns { .channels }

  /// A row for each channel, in the order of their codes.
  func start() -> [Returning.Row] { channels.map { Returning.Row(channel: $0) } }

  func update(_ partial: inout [Returning.Row], with journeys: JourneyBlock) {
    for k in 0..<journeys.journeyCount {
      let rows = journeys.rows(ofJourney: k)
      let channel = Int(journeys.channels[rows.lowerBound])
      partial[channel].customers += 1
      partial[channel].cameBack += rows.count > 1 ? 1 : 0
    }
  }

  func merge(_ partial: inout [Returning.Row], with other: [Returning.Row]) {
    for channel in channels.indices {
      partial[channel].customers += other[channel].customers
      partial[channel].cameBack += other[channel].cameBack
    }
  }

  func finish(_ partial: [Returning.Row]) -> Returning {
    Returning(rows: partial.filter { $0.customers > 0 })
  }
}
