import CustomerJourney

/// The dashboard's pages, each a pure function from values to HTML.
///
/// No page queries, reads or writes anything. Every page works without scripts, has no inline
/// style or script, and escapes every value it is given.
package enum Pages {
  /// Something went wrong, or isn't there: what, why, and what to do.
  package static func errorPage(
    status: Int, what: String, why: String, whatToDo: String, _ context: PageContext
  ) -> String {
    let words = context.words
    var values: Templates.Values = [
      "heading": status == 404 ? words["notFound"] : words["wentWrong"],
      "what": what, "isError": true,
    ]
    if !why.isEmpty { values["why"] = why }
    if !whatToDo.isEmpty { values["todo"] = whatToDo }
    return Templates.page(
      "message", values, title: values["heading"] as? String ?? "", context: context)
  }

  /// Nothing was imported yet: how to get data in.
  package static func emptyPage(_ context: PageContext) -> String {
    let words = context.words
    let steps: [Templates.Values] = [
      [
        "stepTitle": words["emptyImport"], "stepText": words["emptyImportText"],
        "stepLink": context.link("/import"), "stepAction": words["importAFile"], "command": false,
      ],
      [
        "stepTitle": words["emptySource"], "stepText": words["emptySourceText"],
        "stepLink": context.link("/sources"), "stepAction": words["newSource"], "command": false,
      ],
      [
        "stepTitle": words["emptyDemo"], "stepText": words["emptyDemoText"],
        "command": "./klantreis demo", "stepLink": false,
      ],
      [
        "stepTitle": words["emptyCommand"], "stepText": words["emptyCommandText"],
        "command": "./klantreis import orders.csv", "stepLink": false,
      ],
    ]
    return Templates.page(
      "message",
      [
        "heading": words["emptyHeading"], "what": words["emptyWhat"], "isError": false,
        "steps": steps,
      ], title: words["emptyHeading"], context: context)
  }

  /// Links to the pages before and after this one of a long list.
  static func pager(
    first: Int, shown: Int, total: Int, page: Int, _ context: PageContext,
    with parameters: [(String, String?)] = []
  ) -> Templates.Values? {
    guard total > shown else { return nil }
    var values: Templates.Values = [
      "range": context.words.range(
        context.format.count(first + 1), context.format.count(first + shown),
        of: context.format.count(total)), "previous": false, "next": false,
    ]
    func link(_ page: Int) -> String {
      context.link(context.path, with: parameters + [("page", page > 1 ? String(page) : nil)])
    }
    if page > 1 { values["previous"] = link(page - 1) }
    if first + shown < total { values["next"] = link(page + 1) }
    return values
  }
}
