import CustomerJourney
import Dashboard
import Hummingbird
import Insights
import Logging

/// Turns errors into pages that say what, why and what to do. The log gets the kind of an error and
/// never what a request held.
struct ErrorPages<Context: RequestContext>: RouterMiddleware {
  let workspace: Workspace
  let logger: Logger

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPError {
      return await page(
        error.status, request,
        what: error.status == .notFound
          ? "There is nothing at this address." : error.status.reasonPhrase + ".",
        why: error.body ?? "", whatToDo: "Begin at the map, or check the address.")
    } catch let error as NotFound {
      return await page(.notFound, request, what: error.what, why: "", whatToDo: error.advice)
    } catch let error as InsightError {
      return await page(
        .badRequest, request, what: "This question cannot be asked.",
        why: String(describing: error), whatToDo: "Go back and change it.")
    } catch let error as ParameterError {
      return await page(
        .badRequest, request, what: "A part of the address cannot be used.",
        why: String(describing: error), whatToDo: "Go back and change it.")
    } catch let error as any HTTPResponseError {
      return await page(
        error.status, request, what: error.status.reasonPhrase + ".", why: "",
        whatToDo: "Begin at the map, or check the address.")
    } catch {
      logger.error("a page failed", metadata: ["kind": "\(type(of: error))"])
      return await page(
        .internalServerError, request, what: "This page could not be made.",
        why: String(describing: error),
        whatToDo: "Try again; when it stays so, look at the terminal where the server runs.")
    }
  }

  private func page(
    _ status: HTTPResponse.Status, _ request: Request, what: String, why: String, whatToDo: String
  ) async -> Response {
    let visit = Visit(request)
    let context: PageContext
    do {
      context = try await workspace.asking { visit.context($0) }
    } catch {
      context = PageContext(language: visit.language, path: visit.path)
    }
    return .html(
      Pages.errorPage(
        status: Int(status.code), what: what, why: why, whatToDo: whatToDo, context),
      status: status)
  }
}
