import Foundation
import Mustache

/// A page of HTML in one file: what it needs is in it, and it asks no network for anything (its Content-Security-Policy
/// forbids that).
///
/// Templates are Resources/NAME.mustache over the frame; whatever they take is escaped.
package enum Page {
  /// - Parameters:
  ///   - template: its name among the resources, without `.mustache`.
  ///   - title: of the window.
  ///   - identity: tells pages apart, for what a browser keeps of them.
  ///   - styles, script: CSS beyond the frame's, and JavaScript.
  ///   - content: what the template takes by name.
  package static func render(
    _ template: String, title: String, identity: String = "", styles: [UInt8] = [], script: [UInt8] = [],
    _ content: [String: Any]
  ) -> String {
    var content = content
    content["title"] = title
    content["identity"] = identity
    content["style"] = text(PackageResources.frame_css + styles)
    content["script"] = text(script)
    // A template that is missing or does not parse is a fault of the build, which tests of every page find.
    return library.render(content, withTemplate: template) ?? ""
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static let library = MustacheLibrary(
    templates: [
      "frame": PackageResources.frame_mustache,
      "report": PackageResources.report_mustache,
      "training": PackageResources.training_mustache,
    ].compactMapValues { try? MustacheTemplate(string: text($0)) })
}

extension Record.Picture {
  /// The file as an address that holds all of it (RFC 2397).
  var source: String { "data:image/\(kind.rawValue);base64,\(bytes.base64EncodedString())" }

  /// What templates take of it.
  func content(alt: String) -> [String: Any] {
    ["source": source, "width": width, "height": height, "small": max(width, height) <= 64, "alt": alt]
  }
}
