import { images, regions, sizes } from "./catalog.ts";
import { findImage, renderImage, renderRegion, renderSize } from "./render.ts";
import { notFound, ok, paged } from "./replies.ts";
import { parameter, type Route } from "./route.ts";

/** The account, and what it may choose from. */
export const listRoutes: readonly Route[] = [
  {
    operation: "GET /v2/account",
    scopes: ["account:read"],
    answer: ({ email, dropletLimit }) =>
      ok({
        account: {
          ...{ droplet_limit: dropletLimit, floating_ip_limit: 3, email, name: "Belt", email_verified: true },
          ...{ uuid: "b6fr89dbf6d9156cace5f3c78dc9851d957381ef", status: "active", status_message: "" },
          team: { uuid: "5df3e3004a17e242b7c20ca6c9fc25b701a47ece", name: "My Team" },
        },
      }),
  },
  {
    operation: "GET /v2/sizes",
    scopes: ["sizes:read", "regions:read"],
    answer: (_, call) => paged(call, "sizes", { all: sizes, render: renderSize }),
  },
  {
    operation: "GET /v2/regions",
    scopes: ["regions:read"],
    answer: (_, call) => paged(call, "regions", { all: regions, render: renderRegion }),
  },
  {
    operation: "GET /v2/images",
    scopes: ["image:read"],
    answer: (_, call) => {
      const type = call.query.get("type");
      const isOwn = call.query.get("private") === "true" || call.query.has("tag_name");
      const found = isOwn ? [] : images.filter(({ kind }) => type === null || kind === type);
      return paged(call, "images", { all: found, render: renderImage });
    },
  },
  {
    operation: "GET /v2/images/{image_id}",
    scopes: ["image:read"],
    answer: (_, call) => {
      const image = findImage(parameter(call, "image_id"));
      if (!image) throw notFound();
      return ok({ image: renderImage(image) });
    },
  },
];
