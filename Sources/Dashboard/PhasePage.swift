package import CustomerJourney
package import Insights
import JourneyEngine

/// One phase from near by.
package struct PhasePage: Sendable {
  package var portrait: PhasePortrait
  package var model: JourneyModel

  package init(portrait: PhasePortrait, model: JourneyModel) {
    self.portrait = portrait
    self.model = model
  }
}

extension Pages {
  /// Rows of a list on the page; more are under the data link.
  private static let listRows = 10

  package static func phasePage(_ page: PhasePage, _ context: PageContext) -> String {
    let portrait = page.portrait
    let (words, format, language) = (context.words, context.format, context.language)
    let place = page.model.index(ofPhase: portrait.phase)
    let phase = place.map { page.model.phases[$0] }
    let title = phase?.name(language) ?? portrait.phase
    var facts = [
      fact(words["customers"], format.count(portrait.customers)),
      fact(words["touchpoints"], format.count(portrait.touchpoints)),
      fact(words["stays"], format.count(portrait.entered)),
    ]
    if let median = portrait.medianDwellSeconds {
      facts.append(fact(words["medianTime"], format.durationInWords(median)))
    }
    if portrait.value != 0 {
      facts.append(fact(words["value"], format.money(portrait.value, portrait.currency)))
    }
    let palette = Palette(channels: portrait.channels.map(\.name))
    let channels = list(portrait.channels, context) {
      (Channel($0).title(language), palette.hueClass($0))
    }
    let lists: [(String, [Templates.Values])] = [
      (words["channels"], channels),
      (words["origins"], list(portrait.origins, context) { (Origin($0).title(language), nil) }),
      (words["devices"], list(portrait.devices, context) { (Device($0).title(language), nil) }),
      (words["events"], list(portrait.events, context) { (EventName($0).title(language), nil) }),
      (words["content"], list(portrait.content, context) { ($0, nil) }),
      (words["campaigns"], list(portrait.campaigns, context) { ($0, nil) }),
    ]
    var values: Templates.Values = [
      "filter": context.filter, "foreign": context.foreignNote,
      "name": title, "question": phase?.question(language) ?? "",
      "modelName": page.model.name(language),
      "facts": facts,
      "isEmpty": portrait.customers == 0,
      "lists": lists.filter { !$0.1.isEmpty }.map { heading, rows in
        ["heading": heading, "rows": rows] as Templates.Values
      },
      "before": moves(portrait.before, page.model, context),
      "after": moves(portrait.after, page.model, context),
      "histogram": Bars.histogram(portrait.dwell, context, labelled: true),
      "hasHistogram": portrait.dwell.contains { $0.stays > 0 },
      "rules": rules(portrait, page.model, context),
      "measures": phase?.measures.map { ["text": $0(language)] } ?? [],
      "hasMeasures": !(phase?.measures.isEmpty ?? true),
      "map": context.link("/"),
      "data": context.dataLinks("phase", with: [("phase", page.portrait.phase)]),
    ]
    if let place {
      func neighbour(_ index: Int) -> Templates.Values? {
        guard page.model.phases.indices.contains(index) else { return nil }
        let phase = page.model.phases[index]
        return ["href": context.phaseLink(phase.id), "name": phase.name(language)]
      }
      values["previousPhase"] = neighbour(place - 1)
      values["nextPhase"] = neighbour(place + 1)
    }
    return Templates.page("phase", values, title: title, context: context)
  }

  static func fact(_ name: String, _ value: String) -> Templates.Values {
    ["term": name, "value": value]
  }

  private static func list(
    _ uses: [PhasePortrait.Use], _ context: PageContext,
    _ show: (String) -> (name: String, hue: String?)
  ) -> [Templates.Values] {
    let rows = uses.sorted { $0.customers > $1.customers }.prefix(listRows).map { use in
      let (name, hue) = show(use.name)
      return Bars.Row(
        name: use.name == Names.noneName ? context.words["unknown"] : name, amount: use.customers,
        hue: hue, note: "· " + context.format.shortCount(use.touchpoints))
    }
    return Bars.list(rows, context)
  }

  /// Where customers came from or went to, with shares and times.
  private static func moves(
    _ moves: [JourneyMap.Next], _ model: JourneyModel, _ context: PageContext
  ) -> [Templates.Values] {
    let words = context.words
    let rows = moves.sorted { $0.customers > $1.customers }.map { move in
      let name: String
      var href: String?
      switch move.to {
      case Edge.start: name = words["journeyStarts"]
      case Edge.end: name = words["journeyEnds"]
      default:
        name =
          model.index(ofPhase: move.to).map { model.phases[$0].name(context.language) } ?? move.to
        href = context.phaseLink(move.to)
      }
      return Bars.Row(
        name: name, amount: move.customers, href: href,
        note: move.medianSeconds.map { "· " + context.format.duration($0) })
    }
    return Bars.list(rows, context)
  }

  private static func rules(
    _ portrait: PhasePortrait, _ model: JourneyModel, _ context: PageContext
  ) -> [Templates.Values] {
    portrait.rules.sorted { $0.touchpoints > $1.touchpoints }.map { use in
      [
        "reason": model.rules.indices.contains(use.rule)
          ? model.rules[use.rule].because(context.language) : context.words["stayed"],
        "touchpoints": context.format.count(use.touchpoints),
        "share": context.format.share(
          Double(use.touchpoints) / Double(max(1, portrait.touchpoints))),
      ]
    }
  }
}
