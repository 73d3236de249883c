import Foundation
import Testing

extension CommandTests {
  struct CollectTests {
    private func names(_ folder: String) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("0") }.sorted()
    }

    @Test(
      "The outliers of a report lie in the folder in its order, with a model and without",
      arguments: [[], ["--model", "fashion-mnist", "--evaluations", "4", "--fpr", "0.02"]])
    func collects(options: [String]) throws {
      try withFolder { folder in
        let scan = try Command.run(["scan", "fixtures", "--collect", "\(folder)/odd"] + options)
        let odd = try scan.objects.filter { $0["outlier"] as? Bool == true }.compactMap {
          $0["path"] as? String
        }
        try #require(scan.code == 0 && odd.count > 1, "\(scan.errors)")
        let found = try names("\(folder)/odd")
        #expect(
          found
            == odd.enumerated().map { index, path in
              String(format: "%04d-", index + 1) + (path as NSString).lastPathComponent
            })
        for (name, path) in zip(found, odd) {
          #expect(try bytes("\(folder)/odd/\(name)") == bytes(Command.root.appendingPathComponent(path).path))
        }
        // Copies in their place.
        let copied = try Command.run(["scan", "fixtures", "--collect", "\(folder)/odd", "--copy"] + options)
        #expect(copied.code == 0 && copied.output == scan.output)
        #expect(try names("\(folder)/odd") == found)
      }
    }

    @Test("What cannot be collected into is refused before any work")
    func refused() throws {
      try withFolder { folder in
        try Data().write(to: URL(fileURLWithPath: "\(folder)/mine"))
        let outcome = try Command.run("scan", "fixtures", "--collect", folder)
        #expect(
          outcome.code == 1 && outcome.output.isEmpty && outcome.errors.contains("\(folder): holds mine"))
        let inside = try Command.run("scan", folder, "--collect", "\(folder)/odd")
        #expect(inside.code == 1 && inside.errors.contains("lies in \(folder)"))
        #expect(!exists("\(folder)/odd"))
      }
    }
  }
}
