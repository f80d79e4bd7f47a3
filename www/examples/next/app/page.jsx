import { UsersClient } from "pipedrive-users";
import { company } from "../company.js";
import { Me } from "./me.jsx";

export const dynamic = "force-dynamic"; // for each request, not once when the app is built

const client = new UsersClient(company);

export default async function Page() {
  const users = await client.getUsers();
  return (
    <main>
      <h1>Colleagues</h1>
      <ul>
        {users.map((user) => (
          <li key={user.id}>{user.name}</li>
        ))}
      </ul>
      <Me />
    </main>
  );
}
