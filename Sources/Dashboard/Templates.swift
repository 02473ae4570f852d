import CustomerJourney
import Insights
import Mustache

/// The templates of the pages, and how they are filled.
enum Templates {
  /// What a template sees: texts, numbers already formatted, lists and flags by name.
  typealias Values = [String: Any]

  /// By file name, in the form in which they are embedded.
  static let sources: [String: [UInt8]] = [
    "layout": PackageResources.layout_mustache,
    "filter": PackageResources.filter_mustache,
    "bars": PackageResources.bars_mustache,
    "pager": PackageResources.pager_mustache,
    "map": PackageResources.map_mustache,
    "phase": PackageResources.phase_mustache,
    "traits": PackageResources.traits_mustache,
    "calculated": PackageResources.calculated_mustache,
    "timeline": PackageResources.timeline_mustache,
    "customers": PackageResources.customers_mustache,
    "upload": PackageResources.upload_mustache,
    "preview": PackageResources.preview_mustache,
    "imported": PackageResources.imported_mustache,
    "funnel": PackageResources.funnel_mustache,
    "paths": PackageResources.paths_mustache,
    "transitions": PackageResources.transitions_mustache,
    "segment": PackageResources.segment_mustache,
    "segments": PackageResources.segments_mustache,
    "sources": PackageResources.sources_mustache,
    "source": PackageResources.source_mustache,
    "identity": PackageResources.identity_mustache,
    "suggestions": PackageResources.suggestions_mustache,
    "liverow": PackageResources.liverow_mustache,
    "message": PackageResources.message_mustache,
    "messages": PackageResources.messages_mustache,
    "contents": PackageResources.contents_mustache,
    "mail": PackageResources.mail_mustache,
    "account": PackageResources.account_mustache,
    "accounttabs": PackageResources.accounttabs_mustache,
    "accountcard": PackageResources.accountcard_mustache,
    "company": PackageResources.company_mustache,
    "companies": PackageResources.companies_mustache,
    "companyleads": PackageResources.companyleads_mustache,
    "activity": PackageResources.activity_mustache,
    "code": PackageResources.code_mustache,
    "formtoken": PackageResources.formtoken_mustache,
    "login": PackageResources.login_mustache,
    "tokens": PackageResources.tokens_mustache,
    "users": PackageResources.users_mustache,
    "welcome": PackageResources.welcome_mustache,
    "play": PackageResources.play_mustache,
    "plays": PackageResources.plays_mustache,
    "taskcard": PackageResources.taskcard_mustache,
    "consentcard": PackageResources.consentcard_mustache,
    "messagecard": PackageResources.messagecard_mustache,
    "preferences": PackageResources.preferences_mustache,
    "privacy": PackageResources.privacy_mustache,
    "erase": PackageResources.erase_mustache,
    "records": PackageResources.records_mustache,
    "export": PackageResources.export_mustache,
  ]

  private static let library: MustacheLibrary = {
    MustacheContentTypes.register(ScalarHTML(), named: ScalarHTML.name)
    var library = MustacheLibrary()
    for (name, bytes) in sources {
      let source = "{{% CONTENT_TYPE: \(ScalarHTML.name)}}" + String(decoding: bytes, as: UTF8.self)
      // Mustache leaves out a part that it doesn't know, without a word.
      for part in source.matches(of: /\{\{> *([a-z]+) *\}\}/) where sources[String(part.1)] == nil {
        preconditionFailure("\(name).mustache has a part \(part.1), which is not registered")
      }
      do {
        try library.register(source, named: name)
      } catch {
        preconditionFailure("The template \(name).mustache can't be read: \(error)")
      }
    }
    return library
  }()

  /// The page's body in its template, within the layout.
  static func page(_ name: String, _ values: Values, title: String, context: PageContext) -> String
  {
    let shared = context.shared
    let body = render(name, values.merging(shared) { own, _ in own })
    var layout = shared
    layout["body"] = body
    layout["title"] = title
    return render("layout", layout)
  }

  private static func render(_ name: String, _ values: Values) -> String {
    guard let text = library.render(values, withTemplate: name) else {
      preconditionFailure("There is no template \(name).mustache")
    }
    return text
  }
}

/// Escapes what templates fill in, see ``XMLText/escaped(_:)``: Mustache's own way goes by `Character`
/// and lets a quote with a combining accent through.
private struct ScalarHTML: MustacheContentType {
  static let name = "SCALAR_HTML"
  func escapeText(_ text: String) -> String { XMLText.escaped(text) }
}
