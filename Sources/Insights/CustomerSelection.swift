package import JourneyEngine

/// The customers of whom a question keeps a touchpoint, by their numbers in the store, ascending.
package struct CustomerSelectionFold: Fold {
  package init() {}

  package var columns: Columns { [] }

  package func start() -> [UInt32] { [] }

  package func update(_ partial: inout [UInt32], with journeys: JourneyBlock) {
    partial.append(
      contentsOf: UnsafeBufferPointer(start: journeys.customers, count: journeys.journeyCount))
  }

  package func merge(_ partial: inout [UInt32], with other: [UInt32]) { partial += other }

  // The overlay's customers come after those of the base.
  package func finish(_ partial: [UInt32]) -> [UInt32] { partial.sorted() }
}
