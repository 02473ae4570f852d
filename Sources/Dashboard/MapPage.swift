package import CustomerJourney
package import Insights

/// The front page: the journey map, what it means, and the same numbers as a table.
package struct MapPage: Sendable {
  package var map: JourneyMap
  package var model: JourneyModel

  package init(map: JourneyMap, model: JourneyModel) {
    self.map = map
    self.model = model
  }
}

extension Pages {
  package static func mapPage(_ page: MapPage, _ context: PageContext) -> String {
    let map = page.map
    let words = context.words
    let format = context.format
    let picture = MapPicture(
      map: map, model: page.model, language: context.language,
      channelLimit: context.query.allChannels ? .max : MapPicture.channelsShown,
      phaseLink: context.phaseLink)
    let phaseCount = picture.columns.count
    let isNarrow = phaseCount > 6
    let sentence = MapSentence(map: map, model: page.model, context: context)

    var values: Templates.Values = [
      "filter": context.filter,
      "summary": sentence.text,
      "modelName": page.model.name(context.language),
      "columnsClass": "cols-\(phaseCount)",
      "narrow": isNarrow, "dense": phaseCount > 8,
      "names": picture.names(), "field": picture.field(),
      "phases": picture.columns.indices.map { phaseColumn($0, picture, page, context, isNarrow) },
      "hasTime": map.phases.contains { $0.dwell.contains { $0.stays > 0 } },
      "hasContent": map.phases.contains { !$0.content.isEmpty },
      "hasBack": picture.hasBackFlows, "hasGaps": picture.hasGaps,
      "channels": channelTable(picture, context),
      "data": context.dataLinks("map"),
      "picture": context.link("/api/v1/map", with: [("channels", nil), ("format", "svg")]),
    ]
    values["advice"] = sentence.advice
    if picture.foldedChannels > 0 {
      values["unfold"] =
        [
          "href": context.link(context.path, with: [("channels", "all")]),
          "name": words.moreChannels(picture.foldedChannels),
        ] as Templates.Values
    } else if context.query.allChannels, picture.lanes.count > MapPicture.channelsShown {
      values["unfold"] =
        [
          "href": context.link(context.path, with: [("channels", nil)]),
          "name": words["fewerChannels"],
        ] as Templates.Values
    }
    values["totals"] = words.totals(
      format.count(map.customers), format.count(map.touchpoints), customers: map.customers,
      touchpoints: map.touchpoints)
    return Templates.page("map", values, title: words["journeyMap"], context: context)
  }

  /// Everything the page says of one phase: its head, its lanes and its row of the table.
  private static func phaseColumn(
    _ index: Int, _ picture: MapPicture, _ page: MapPage, _ context: PageContext, _ isNarrow: Bool
  ) -> Templates.Values {
    let format = context.format
    let words = context.words
    let column = picture.columns[index]
    let phase = column.phase
    var values: Templates.Values = [
      "id": phase.id, "name": column.name, "question": column.question,
      "href": context.phaseLink(phase.id),
      "customers": isNarrow ? format.shortCount(phase.customers) : format.count(phase.customers),
      "customersInFull": format.count(phase.customers),
      "touchpoints": format.count(phase.touchpoints), "entered": format.count(phase.entered),
      "customersWord": words.customersWord(phase.customers),
      "share": format.share(column.shareOfAll),
      "isEmpty": phase.customers == 0,
      "isFirst": index == 0,
      "content": Bars.list(
        phase.content.prefix(3).map { Bars.Row(name: $0.content, amount: $0.customers) },
        context, short: isNarrow),
      "noContent": phase.content.isEmpty,
      "channelBars": Bars.list(
        column.channels.sorted { $0.customers > $1.customers }.prefix(4).map { use in
          Bars.Row(
            name: Channel(use.channel).title(context.language), amount: use.customers,
            hue: picture.palette.hueClass(use.channel))
        }, context),
      "spark": Bars.histogram(phase.dwell, context, labelled: false),
      "median": phase.medianDwellSeconds.map { words.median(format.duration($0)) } ?? "–",
      "moves": moves(index, picture, context),
    ]
    values["step"] = false
    if let next = column.toNextPhase {
      values["step"] =
        [
          "share": format.share(next.share),
          "time": next.medianSeconds.map(format.duration) ?? "",
          "spoken": words.goOn(
            format.share(next.share), to: picture.columns[index + 1].name,
            after: next.medianSeconds.map(format.durationInWords)),
        ] as Templates.Values
    } else if let back = column.largestBack, index == picture.columns.count - 1 {
      values["again"] =
        [
          "share": format.share(back.share),
          "spoken": words.goBack(format.share(back.share), to: back.name),
        ] as Templates.Values
    }
    if values["again"] == nil { values["again"] = false }
    return values
  }

  /// Where customers go from a phase: on, back and out, the largest first within each.
  private static func moves(
    _ index: Int, _ picture: MapPicture, _ context: PageContext
  ) -> [Templates.Values] {
    let format = context.format
    return picture.columns[index].moves.prefix(5).map { move in
      let kind: String
      switch move.direction {
      case .on: kind = "on"
      case .back: kind = "back"
      case .out: kind = "out"
      }
      return [
        "kind": kind, "to": move.direction == .out ? context.words["out"] : move.name,
        "sign": move.direction == .on ? "→" : move.direction == .back ? "↩" : "⊣",
        "spoken": context.words[kind == "out" ? "journeyEnds" : kind == "on" ? "onTo" : "backTo"],
        "share": format.share(move.share),
        "width": coordinate(100 * min(1, move.share)),
        "time": move.medianSeconds.map(format.duration) ?? "",
        "customers": format.count(move.customers),
      ]
    }
  }

  private static func channelTable(
    _ picture: MapPicture, _ context: PageContext
  ) -> [Templates.Values] {
    picture.allChannels.map { channel in
      [
        "name": Channel(channel).title(context.language),
        "cells": picture.columns.map { column -> Templates.Values in
          let use = column.channels.first { $0.channel == channel }
          return [
            "customers": use.map { context.format.count($0.customers) } ?? "–",
            "touchpoints": use.map { context.format.count($0.touchpoints) } ?? "–",
          ]
        },
      ]
    }
  }
}
