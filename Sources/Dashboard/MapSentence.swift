import CustomerJourney
import Insights

/// What the map means, in one sentence, and what to do about what it cannot show.
struct MapSentence {
  let text: String
  /// Nil when customers are seen from the first phase on.
  let advice: String?

  init(map: JourneyMap, model: JourneyModel, context: PageContext) {
    let format = context.format
    let isDutch = context.language == .dutch
    let period = context.periodInWords
    guard map.customers > 0 else {
      text =
        isDutch
        ? "We zien niemand\(period.isEmpty ? "" : " " + period) met deze vraag."
        : "We see nobody\(period.isEmpty ? "" : " " + period) with this question."
      advice =
        isDutch
        ? "Kies een langere periode of een ruimere regel."
        : "Choose a longer period or a wider rule."
      return
    }
    func name(_ index: Int) -> String {
      model.index(ofPhase: map.phases[index].id).map { model.phases[$0].name(context.language) }
        ?? map.phases[index].id
    }
    let seen = map.phases.indices.filter { map.phases[$0].customers > 0 }
    let customers = format.count(map.customers)
    let met =
      map.customers == 1
      ? (isDutch ? "Eén klant ontmoette ons" : "One customer met us")
      : (isDutch ? "\(customers) klanten ontmoetten ons" : "\(customers) customers met us")
    var sentence = met + (period.isEmpty ? "" : " " + period)

    // How far they came: the last two phases that anybody reached, the first seen one left out.
    let reached = seen.dropFirst().suffix(2).map { index -> String in
      let share = Double(map.phases[index].customers) / Double(map.customers)
      return format.outOfHundred(share)
        + (isDutch ? " kwamen tot \(name(index))" : " came to \(name(index))")
    }
    if !reached.isEmpty {
      sentence += "; " + reached.joined(separator: isDutch ? " en " : " and ")
    }
    sentence += "."

    // Where journeys stop before the last phase that anybody reaches.
    let stops = seen.dropLast().compactMap { index -> (index: Int, customers: Int)? in
      guard let end = map.phases[index].next.first(where: { $0.to == Edge.end }) else {
        return nil
      }
      return (index, end.customers)
    }
    if let last = seen.last, let worst = stops.max(by: { $0.customers < $1.customers }),
      worst.customers > 0
    {
      let amount = format.count(worst.customers)
      let share = Double(worst.customers) / Double(map.phases[worst.index].customers)
      sentence +=
        isDutch
        ? " De meeste reizen die \(name(last)) niet halen, stoppen in \(name(worst.index)): "
          + "\(amount) klanten, \(format.outOfHundred(share)) van wie daar was."
        : " Most journeys that stop before \(name(last)) stop in \(name(worst.index)): "
          + "\(amount) customers, \(format.outOfHundred(share)) of those there."
    }
    text = sentence

    if let first = seen.first, first > 0 {
      let start = name(first)
      advice =
        isDutch
        ? "Vóór \(start) zien we niets: deze gegevens beginnen daar. "
          + "Voeg uw website of campagnes toe om te zien hoe klanten binnenkomen."
        : "We don't see anything before \(start): these data start there. "
          + "Add your website or campaigns to see how customers come in."
    } else if let last = seen.last, last < map.phases.count - 1 {
      let next = name(last + 1)
      advice =
        isDutch
        ? "Na \(name(last)) zien we niets: niets in deze gegevens plaatst iemand in \(next)."
        : "We don't see anything after \(name(last)): nothing in these data puts anybody in \(next)."
    } else if let gap = map.phases.indices.first(where: { map.phases[$0].customers == 0 }) {
      advice =
        isDutch
        ? "In \(name(gap)) zien we niemand: niets in deze gegevens plaatst een klant daar."
        : "We see nobody in \(name(gap)): nothing in these data puts a customer there."
    } else {
      advice = nil
    }
  }
}
