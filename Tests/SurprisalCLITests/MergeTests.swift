import Foundation
import Testing

extension RunTests {
  /// Scans in parts, and what they come to.
  struct MergeTests {
    /// A folder with copies under other names, links, files that are no images, and images of an IDX file.
    private static func write(to folder: String) throws -> [String] {
      let made = try Command.shell(
        """
        cp -r "$1/fixtures" "$2/in" && cd "$2/in" && ln clothes/00.png zz.png && ln -s clothes/03.png link.png &&
        cp clothes/05.png same.png && ln broken/cut.png broken-again.png
        """, Command.root.path, folder)
      #expect(made.code == 0, "\(made)")
      var idx = Data([0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 28, 0, 0, 0, 28])
      for index in 0..<20 * 784 { idx.append(UInt8((index * index / 784) & 255)) }
      try idx.write(to: URL(fileURLWithPath: "\(folder)/in/many-ubyte"))
      return [
        "\(folder)/in", "\(folder)/in/clothes/00.png", "\(folder)/in/./same.png", "\(folder)/missing.png",
      ]
    }

    @Test(
      "Shards merged are one run's bytes, whatever their number, order and format, and so is the summary",
      arguments: [["4", "--fpr", "0.02"], ["4", "--fdr", "0.2"], ["auto", "--fpr", "0.05"]])
    func shards(options: [String]) throws {
      try withFolder { folder in
        let scan =
          ["scan", "--model", "fashion-mnist", "--evaluations"] + options + (try Self.write(to: folder))
        let cache = "\(folder)/cache"
        let whole = try Command.run(scan, cache: cache)
        #expect(whole.code == 0)
        let said = whole.errors.split(separator: "\n").filter { !$0.hasPrefix("next:") }
        for count in [1, 2, 5] {
          var parts: [String] = []
          for number in (1...count).reversed() {
            let format = number % 2 == 0 ? "csv" : "jsonl"
            parts.append("\(folder)/\(number)-of-\(count).\(format)")
            let part = try Command.run(
              scan + [
                "--shard", "\(number)/\(count)", "--format", format, "--output", parts[parts.count - 1],
              ], cache: cache)
            #expect(part.code == 0, "\(part)")
          }
          let merged = try Command.run(["merge"] + parts)
          #expect(merged.code == 0 && merged.output == whole.output, "\(count): \(merged.errors)")
          #expect(merged.errors.split(separator: "\n") == said)
        }
        let parts = (1...2).map { "\(folder)/\($0)-of-2.\($0 == 2 ? "csv" : "jsonl")" }
        for format in ["csv", "text", "sarif", "junit", "markdown"] {
          let whole = try Command.run(scan + ["--format", format], cache: cache)
          let merged = try Command.run(["merge", "--format", format] + parts)
          #expect(merged.code == 0 && merged.output == whole.output, "\(format): \(merged.errors)")
        }
      }
    }

    @Test("By a model of one look: troubles and their words come through both formats")
    func looks() throws {
      try withFolder { folder in
        let model = "\(folder)/m.safetensors"
        let images = try Self.write(to: folder)
        let fit = try Command.run("fit", "fixtures", "--output", model, "--quiet")
        #expect(fit.code == 0, "\(fit)")
        let scan = ["scan", "--model", model, "--fpr", "0.1"] + images
        for format in ["jsonl", "csv"] {
          var parts: [String] = []
          for shard in ["1/2", "2/2"] {
            parts.append("\(folder)/\(shard.prefix(1)).\(format)")
            let part = try Command.run(
              scan + ["--shard", shard, "--format", format, "--output", parts[parts.count - 1]])
            #expect(part.code == 0, "\(part)")
          }
          let whole = try Command.run(scan + ["--format", "jsonl"])
          let merged = try Command.run(["merge", "--format", "jsonl"] + parts)
          #expect(
            merged.code == 0 && merged.output == whole.output && !whole.output.isEmpty, "\(merged.errors)")
        }
      }
    }

    @Test(
      "Parts of lists come to one run of the lists one after another, and another rate to that rate's run")
    func lists() throws {
      try withFolder { folder in
        let lists = [
          ["fixtures/clothes", "fixtures/broken"], ["fixtures/other", "fixtures/clothes/../clothes/01.png"],
        ]
        let scan = ["scan", "--model", "fashion-mnist", "--evaluations", "4"]
        var parts: [String] = []
        for (index, list) in lists.enumerated() {
          parts.append("\(folder)/\(index)")
          let part = try Command.run(
            scan + ["-", "--part", "--output", parts[index]],
            input: Data(list.map { $0 + "\n" }.joined().utf8))
          #expect(part.code == 0, "\(part)")
        }
        for rate in [[], ["--fdr", "0.3"]] {
          let whole = try Command.run(scan + lists.joined() + rate)
          let merged = try Command.run(["merge"] + parts + rate)
          #expect(merged.code == 0 && merged.output == whole.output, "\(merged.errors)")
        }
      }
    }

    @Test("What does not come to one whole is refused, and says why")
    func refusals() throws {
      try withFolder { folder in
        let scan = ["scan", "--model", "fashion-mnist", "--evaluations", "4", "fixtures"]
        func write(_ name: String, _ options: String...) throws -> String {
          let part = try Command.run(scan + options + ["--output", "\(folder)/\(name)"])
          #expect(part.code == 0, "\(part)")
          return "\(folder)/\(name)"
        }
        let first = try write("1", "--shard", "1/2")
        let second = try write("2", "--shard", "2/2")
        let third = try write("3", "--shard", "2/3")
        let whole = try write("whole", "--part")
        let again = try write("again", "--part")
        let other = try write("other", "--shard", "2/2", "--fpr", "0.05")
        let more = try write("more", "--shard", "2/2", "fixtures/clothes")
        let plain = try write("plain")
        let cut = "\(folder)/cut"
        let text = String(decoding: try bytes(first), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        try lines.dropLast(3).joined(separator: "\n").write(toFile: cut, atomically: true, encoding: .utf8)
        let broken = "\(folder)/broken"
        try text.replacingOccurrences(of: "\"place\":", with: "\"plaice\":").write(
          toFile: broken, atomically: true, encoding: .utf8)
        let newer = "\(folder)/newer"
        try text.replacingOccurrences(of: "\"version\":1", with: "\"version\":2").write(
          toFile: newer, atomically: true, encoding: .utf8)
        for (parts, words) in [
          ([first], "missing of 2 shards: 2/2"), ([first, second, first], "both shard 1/2"),
          ([first, third], "is of 2 shards"), ([first, whole], "is none"),
          ([whole, again], "is in two parts"),
          ([first, other], "rate fpr 0.01 and fpr 0.05"), ([first, more], "what was scanned changed"),
          ([plain], "does not begin with a line about its run"), ([cut, second], "it was cut"),
          ([broken, second], "record 1"), ([newer, second], "newer version"),
          ([first, second, "--model", "photos"], "another model"), (["\(folder)/none"], "No such file"),
        ] {
          let merged = try Command.run(["merge"] + parts)
          #expect(merged.code == 1 && merged.output.isEmpty && merged.errors.contains(words), "\(merged)")
        }
        for line in [
          "scan x --shard 1/2", "scan x --model photos --shard 3/2", "scan x --model photos --shard 0/2",
          "scan x --model photos --part --format html", "scan x --model photos --part --collect d",
          "merge x --fpr 0.1 --fdr 0.1", "merge x --fpr 2",
        ] {
          let wrong = try Command.run(line.split(separator: " ").map(String.init))
          #expect(wrong.code == 64, "\(wrong)")
        }
      }
    }

    @Test("Caches of shards put together let a scan of all score nothing, and tell the same")
    func caches() throws {
      try withFolder { folder in
        let scan = ["scan", "--model", "fashion-mnist", "--evaluations", "4", "fixtures"]
        for number in 1...2 {
          let part = try Command.run(scan + ["--shard", "\(number)/2"], cache: "\(folder)/\(number)")
          #expect(part.code == 0, "\(part)")
        }
        let files = (1...2).map { "\(folder)/\($0)/results.sqlite" }
        let added = try Command.run(["cache", "--add"] + files, cache: "\(folder)/all")
        #expect(added.code == 0 && added.errors.contains("results taken in"), "\(added)")
        let warm = try Command.run(scan, cache: "\(folder)/all")
        let cold = try Command.run(scan)
        #expect(warm.output == cold.output && warm.errors.contains("44 were known"), "\(warm.errors)")
      }
    }
  }
}
