import Foundation
import Images
import Testing

extension CommandTests {
  struct ScanTests {
    @Test("Without --model a folder judges itself, says why and what next, and loses no file")
    func folder() throws {
      try withFolder { folder in
        let kept = "\(folder)/mine.safetensors"
        let scan = try Command.run("scan", "fixtures", "--save", kept, "--threads", "1")
        #expect(scan.code == 0, "\(scan.errors)")
        let records = try scan.objects
        #expect(records.count == 44)
        let flagged = records.filter { $0["outlier"] as? Bool == true }
        let foreign = flagged.count { ($0["path"] as? String)?.contains("other/") == true }
        // Ten of thirty-eight are foreign, five of them of one kind: more than robust fits promise to find.
        #expect(foreign >= 3 && flagged.count - foreign <= 1, "\(flagged.compactMap { $0["path"] })")
        #expect(flagged.allSatisfy { ($0["reason"] as? String)?.isEmpty == false })
        #expect(records.prefix(38).allSatisfy { $0["relative_to"] as? String == "folder" })
        for words in ["next:", "--model", "explain", "p-values are relative to"] {
          #expect(scan.errors.contains(words), "\(words): \(scan.errors)")
        }
        let again = try Command.run("scan", "fixtures/clothes", "--model", kept, "--fpr", "0.1", "--quiet")
        #expect(again.code == 0, "\(again.errors)")
      }
    }

    @Test("Too few images to judge one another are refused, with what to do; so is what needs a model")
    func tooFew() throws {
      let few = try Command.run("scan", "fixtures/clothes")
      #expect(few.code == 1 && few.output.isEmpty, "\(few)")
      for words in ["28 different images", "at least 30", "--model photos", "surprisal fit"] {
        #expect(few.errors.contains(words), "\(words): \(few.errors)")
      }
      for line in ["scan x --save y --model photos", "scan x --evaluations auto", "scan x --size 15"] {
        let wrong = try Command.run(line.split(separator: " ").map(String.init))
        #expect(wrong.code == 64, "\(wrong)")
      }
    }

    @Test(
      "One record for every image, readable or not, named twice or not, most surprising first, unreadable last"
    )
    func everyImage() throws {
      let scan = try Command.run(
        "scan", "--model", "fashion-mnist", "fixtures", "fixtures/clothes/00.png", "--evaluations", "4",
        "--fpr", "0.02", "--quiet")
      #expect(scan.code == 0 && scan.errors.isEmpty, "\(scan.errors)")
      // No terminal: JSON Lines.
      let records = try scan.objects
      // 28 clothes, 10 others, 6 broken, and one given twice.
      #expect(records.count == 45)
      let paths = records.compactMap { $0["path"] as? String }
      #expect(Set(paths).count == 44 && paths.count { $0 == "fixtures/clothes/00.png" } == 2)
      let statuses = records.compactMap { $0["status"] as? String }
      #expect(
        statuses == Array(repeating: "scored", count: 39) + Array(repeating: "unreadable", count: 6))
      #expect(paths.suffix(6).allSatisfy { $0.hasPrefix("fixtures/broken/") })
      #expect(records.suffix(6).allSatisfy { ($0["error"] as? String)?.isEmpty == false })
      let scores = records.compactMap { $0["score"] as? Double }
      #expect(scores.count == 39 && scores == scores.sorted(by: >), "\(scores)")
      // (1 + references that score as high) / (1 + references), written to six digits; outliers are those up to the rate.
      let all = Double(try Command.references(evaluations: 4) + 1)
      for record in records.prefix(39) {
        let pValue = try #require(record["p_value"] as? Double)
        let rank = (pValue * all).rounded()
        #expect(rank >= 1 && abs(pValue - rank / all) <= 5e-6 * pValue, "\(record)")
        #expect(record["outlier"] as? Bool == (pValue <= 0.02), "\(record)")
        #expect(record["evaluations"] as? Int == 4 && (record["profile"] as? [Any])?.count == 4)
      }
    }

    @Test(
      "The same scan is the same bytes, on standard output or in a file, with or without notes",
      arguments: ["4", "auto"])
    func repeats(evaluations: String) throws {
      try withFolder { folder in
        let scan = [
          "scan", "--model", "fashion-mnist", "fixtures/clothes/00.png", "fixtures/other/noise.png",
          "--evaluations", evaluations,
        ]
        let path = "\(folder)/out.jsonl"
        let first = try Command.run(scan)
        let second = try Command.run(scan + ["--output", path, "--quiet"])
        #expect(first.code == 0 && second.code == 0 && second.output.isEmpty && second.errors.isEmpty)
        #expect(String(decoding: try bytes(path), as: UTF8.self) == first.output)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.jsonl"])
      }
    }

    @Test("Paths come from standard input, a line each, or ended by NUL so that they may hold line breaks")
    func standardInput() throws {
      try withFolder { folder in
        let names = ["two words.png", " leading.png", "line\nbreak.png", "\"quoted\", comma.png"]
        let paths = names.map { "\(folder)/\($0)" }
        for path in paths { try fixture("clothes/00.png").write(to: URL(fileURLWithPath: path)) }
        func scanned(_ arguments: [String], _ paths: [String], ending: String) throws -> [String] {
          let input = Data(paths.map { $0 + ending }.joined().utf8)
          let scan = try Command.run(
            ["scan", "--model", "fashion-mnist", "-", "--evaluations", "4"] + arguments, input: input)
          let records = try scan.objects
          #expect(scan.code == 0 && records.allSatisfy { $0["status"] as? String == "scored" }, "\(scan)")
          return records.compactMap { $0["path"] as? String }
        }
        // Of one picture all, so in their order.
        #expect(try scanned(["-0"], paths, ending: "\0") == paths)
        let lines = paths.filter { !$0.contains("\n") }
        #expect(try scanned([], lines, ending: "\n") == lines)
      }
    }

    @Test(
      "Files whose names are no text, and paths longer than a call takes, come back into the tool from its output"
    )
    func oddNames() throws {
      try withFolder { folder in
        let good = Command.root.appendingPathComponent("fixtures/clothes/00.png").path
        // Names by printf of the shell: no string of ours holds them.
        let made = try Command.shell(
          """
          cd "$1" && mkdir odd && cd odd && cp "$2" "$(printf 'Mu\\361oz.png')" && cp "$2" plain.png
          for i in $(seq 30); do
            d=$(printf 'd%.0s' $(seq 200)); mkdir $d && cd -P $d && cp "$2" "$(printf '\\377')$i.png" || exit 1
          done
          """, folder, good)
        #expect(made.code == 0, "\(made)")
        defer { _ = try? Command.shell("rm -rf \"$1\"", folder) }
        let first = try Command.run(
          "scan", "--model", "fashion-mnist", "\(folder)/odd", "--evaluations", "4", "--quiet")
        let records = try first.objects
        #expect(first.code == 0 && records.count == 32, "\(first.errors)")
        #expect(records.allSatisfy { $0["status"] as? String == "scored" })
        #expect(records.contains { ($0["path"] as? String)?.hasSuffix(#"/Mu\xf1oz.png"#) == true })
        let bytes = try records.map { record -> Data in
          let path = try #require(record["path"] as? String)
          guard let bytes = record["path_bytes"] as? String else { return Data(path.utf8) }
          return try #require(Data(base64Encoded: bytes))
        }
        #expect(bytes.contains { $0.count > 2 * 4096 - 2500 && $0.contains(0xFF) })
        let list = Data(bytes.map { $0 + [10] }.joined())
        let texts = Data(records.map { "\($0["path"] as? String ?? "")\n" }.joined().utf8)
        for input in [list, texts] {
          let again = try Command.run(
            "scan", "--model", "fashion-mnist", "-", "--evaluations", "4", "--quiet", input: input)
          #expect(again.code == 0 && again.output == first.output, "\(again.errors)")
        }
        // As an argument, too.
        let argument = try Command.shell(
          "exec \"$1\" scan --model fashion-mnist \"$2/odd/$(printf 'Mu\\361oz.png')\" --evaluations 4 --quiet",
          Command.binary.path, folder)
        #expect(
          try argument.objects.map { $0["path_bytes"] as? String } == [
            bytes.first { $0.contains(0xF1) }?.base64EncodedString()
          ])
        for format in ["text", "csv", "html", "sarif", "junit"] {
          let scan = try Command.run(
            "scan", "--model", "fashion-mnist", "\(folder)/odd", "--evaluations", "4", "--format", format,
            "--fpr", "0.99")
          let name = format == "sarif" ? "Mu%F1oz.png" : #"Mu\xf1oz.png"#
          #expect(scan.code == 0 && scan.output.contains(name), "\(format)")
        }
      }
    }

    @Test("A list from another system is the same list")
    func lists() throws {
      let names = ["fixtures/clothes/00.png", "fixtures/clothes/01.png"]
      let plain = try Command.run(
        "scan", "--model", "fashion-mnist", "-", "--evaluations", "4",
        input: Data((names.joined(separator: "\n")).utf8))
      #expect(try plain.objects.count { $0["status"] as? String == "scored" } == 2)
      let marked = Data([0xEF, 0xBB, 0xBF]) + Data(names.map { $0 + "\r\n" }.joined().utf8)
      #expect(
        try Command.run("scan", "--model", "fashion-mnist", "-", "--evaluations", "4", input: marked).output
          == plain.output)
    }

    @Test("A scan of nothing is an error that says of what, unless it may be empty")
    func nothing() throws {
      try withFolder { folder in
        try Data("text".utf8).write(to: URL(fileURLWithPath: "\(folder)/notes.txt"))
        let path = "\(folder)/../\((folder as NSString).lastPathComponent).jsonl"
        for given in [[folder], ["-"]] {
          let scan = try Command.run(["scan", "--model", "fashion-mnist"] + given + ["--output", path])
          #expect(scan.code == 1 && scan.errors.contains("no images in \(given[0])"), "\(scan)")
          #expect(!exists(path))
        }
        let allowed = try Command.run(
          "scan", "--model", "fashion-mnist", folder, "--allow-empty", "--format", "junit")
        #expect(allowed.code == 0 && allowed.output.contains("tests=\"0\""), "\(allowed)")
        let train = try Command.run("train", folder, "--output", "/dev/null", "--steps", "1")
        #expect(train.code == 1 && train.errors.contains("0 readable images"), "\(train)")
      }
    }

    @Test("A small gzipped IDX file that unfolds to gigabytes is read an image at a time, within the limits")
    func unfolding() throws {
      try withFolder { folder in
        let path = "\(folder)/zeros-ubyte.gz"
        // 2 GB of 28 x 28 zeros: 2 739 137 images.
        let count = 2_739_137
        let made = try Command.shell(
          """
          { printf '\\0\\0\\10\\3\\0\\51\\313\\301\\0\\0\\0\\34\\0\\0\\0\\34'; head -c $(($2 * 784)) /dev/zero; } | gzip -1 > "$1"
          """, path, "\(count)")
        #expect(made.code == 0, "\(made)")
        let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(size < 12 << 20)
        let refused = try Command.run(
          "scan", "--model", "fashion-mnist", "\(path)#3", "--evaluations", "4", "--quiet")
        #expect(try refused.objects.map { $0["status"] as? String } == ["unreadable"])
        #expect(refused.output.contains("unfolds to \(16 + count * 784) bytes"), "\(refused)")
        // 1.5 GB of address space hold the network, and not what it unfolds to.
        let scan = try Command.shell(
          "ulimit -v 1500000; exec \"$1\" scan --model fashion-mnist \"$2#3\" --evaluations 4 --threads 1 --quiet --max-bytes 2200000000",
          Command.binary.path, path)
        #expect(try scan.objects.map { $0["status"] as? String } == ["scored"], "\(scan)")
      }
    }

    @Test("Files of every format the build has are scored by what they are, whatever their names say")
    func kinds() throws {
      try withFolder { folder in
        let references = Command.root.appendingPathComponent("Tests/ImagesTests/Reference")
        let files = [
          ("a.png", "formats/rgb.bmp", "BMP"), ("b.jpg", "formats/strips-lzw.tiff", "TIFF"),
          ("c", "formats/lossy.webp", "WebP"), ("d.tif", "formats/lossy.avif", "AVIF"),
          ("e.bmp", "444.jpg", "JPEG"),
        ]
        for (name, source, _) in files {
          try Data(contentsOf: references.appendingPathComponent(source)).write(
            to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        let scan = try Command.run("scan", "--model", "fashion-mnist", folder, "--evaluations", "4")
        let records = try scan.objects
        #expect(records.count == files.count, "\(scan)")
        for (name, _, format) in files {
          let record = try #require(records.first { $0["path"] as? String == "\(folder)/\(name)" })
          guard ImageKind(rawValue: format)?.isDecoded == true else {
            #expect(
              (record["error"] as? String)?.hasPrefix("\(format) is not supported (built without lib") == true
            )
            continue
          }
          // As they are, not as the model takes them: a JPEG is shrunk on the way.
          let size = format == "JPEG" ? (203, 141) : (37, 23)
          #expect(record["format"] as? String == format, "\(record)")
          #expect(record["width"] as? Int == size.0 && record["height"] as? Int == size.1, "\(record)")
        }
      }
    }

    @Test("Every format is written", arguments: ["text", "jsonl", "csv", "html", "sarif", "junit"])
    func formats(format: String) throws {
      let scan = try Command.run(
        "scan", "--model", "fashion-mnist", "fixtures/other/checkerboard.png", "fixtures/broken/cut.png",
        "--evaluations", "4",
        "--format",
        format)
      #expect(scan.code == 0 && scan.output.hasSuffix("\n"), "\(scan)")
      #expect(scan.output.contains("checkerboard.png") && scan.output.contains("cut.png"), "\(scan.output)")
      #expect(!scan.output.contains("\u{1B}"), "no colour where there is no terminal")
    }

    @Test("A limit is kept, and a statistic by name is what is scored")
    func options() throws {
      let scan = try Command.run(
        "scan", "--model", "fashion-mnist", "fixtures/clothes", "--limit", "3", "--statistic", "surprisal",
        "--evaluations", "4")
      let records = try scan.objects
      #expect(records.count == 3)
      for record in records {
        #expect(record["statistic"] as? String == "surprisal")
        #expect(record["score"] as? Double == record["bits_per_dim"] as? Double, "\(record)")
      }
    }

    @Test("A cut file is unreadable, or with leniency scored and its damage said")
    func lenient() throws {
      for arguments in [[], ["--lenient"]] {
        let scan = try Command.run(
          ["scan", "--model", "fashion-mnist", "fixtures/broken/cut.jpg", "--evaluations", "4"] + arguments)
        let record = try #require(try scan.objects.first)
        #expect(record["status"] as? String == (arguments.isEmpty ? "unreadable" : "scored"), "\(record)")
        #expect((record["warning"] != nil) == !arguments.isEmpty, "\(record)")
      }
    }

    @Test("An output that cannot be written whole does not appear")
    func noPartialOutput() throws {
      try withFolder { folder in
        let scan = try Command.run(
          "scan", "--model", "fashion-mnist", "fixtures/clothes/00.png", "--output", "\(folder)/none/x.jsonl")
        #expect(scan.code == 1 && scan.errors.contains("\(folder)/none/x.jsonl"), "\(scan)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      }
    }
  }
}
